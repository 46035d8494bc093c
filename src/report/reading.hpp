#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/result.hpp"

namespace weir::report {

/// A report as it was written: what is not JSON, or not as `weir schema report` says, is an error
/// that names `source` and the first place where it is wrong. What reads a report may rely on it.
Result<nlohmann::ordered_json> read_report(const std::string& text, const std::string& source);

}  // namespace weir::report
