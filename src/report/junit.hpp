#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace weir::report {

/// Reports as JUnit XML, a test suite each: a test case per threshold, one for whether the run says
/// anything at all, and of `weir verify` one per kind of disagreement.
std::string render_junit(const std::vector<nlohmann::ordered_json>& reports);

}  // namespace weir::report
