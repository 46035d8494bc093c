#pragma once

#include <string>

namespace weir::cli {

/// What only the build knows of a program: the commit of its sources ("" where they came without a
/// repository; "-dirty" behind it if they differ from it), and CMake's build type.
struct BuildFacts {
  const char* commit;
  const char* build_type;
};

/// Those of the running program. Defined beside main(), so that a new commit rebuilds nothing else.
extern const BuildFacts build_facts;

/// What `weir --version` prints: "weir 0.1.0" alone on the first line, then what it was built with.
std::string version_text(const BuildFacts& build);

}  // namespace weir::cli
