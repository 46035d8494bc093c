#pragma once

#include <string>
#include <vector>

namespace weir::test {

/// What a finished program left behind.
struct ProgramResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};

/// Runs the built weir with these arguments from the project's folder and waits for it.
ProgramResult run_weir(const std::vector<std::string>& arguments);

/// A file's content; an empty string and a test failure if it cannot be read.
std::string read_test_file(const std::string& path);

/// A path below the test's own temporary folder that nobody else uses.
std::string temporary_path(const std::string& name);

}  // namespace weir::test
