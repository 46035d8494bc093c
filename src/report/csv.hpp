#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace weir::report {

/// Reports as CSV (RFC 4180) in long form, one row a figure: its scenario, mode, policy, name and
/// unit, for an interval of a series when it begins, and the value; empty where there is none.
std::string render_csv(const std::vector<nlohmann::ordered_json>& reports);

}  // namespace weir::report
