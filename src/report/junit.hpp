#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace weir::report {

/// A run that could not even begin.
struct FailedRun {
  std::string name;
  std::string message;
};

/// Reports as JUnit XML, a test suite each: a test case per threshold, one for whether the run says
/// anything at all, and of `weir verify` one per kind of disagreement. A run that failed is a suite
/// of one test case, an error.
std::string render_junit(const std::vector<nlohmann::ordered_json>& reports,
                         const std::vector<FailedRun>& failed = {});

}  // namespace weir::report
