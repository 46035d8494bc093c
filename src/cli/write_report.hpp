#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/result.hpp"

namespace weir::cli {

/// Makes the folder for reports if need be, so that a run does not find out at its end.
Result<void> make_report_folder(const std::string& directory);

/// Writes a report as DIR/NAME.json, or DIR/NAME.shard-1-of-4.json, making the folder if need be;
/// the file is either the old one or the whole new one, never a part.
Result<void> write_report(const std::string& directory, const nlohmann::ordered_json& report);

/// The same as that file, in a folder that is there.
Result<void> write_report_file(const std::string& path, const nlohmann::ordered_json& report);

}  // namespace weir::cli
