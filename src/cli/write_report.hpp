#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/result.hpp"

namespace weir::cli {

/// Writes a report as DIR/NAME.json, making the folder if need be; the file is either the old one
/// or the whole new one, never a part.
Result<void> write_report(const std::string& directory, const nlohmann::ordered_json& report);

}  // namespace weir::cli
