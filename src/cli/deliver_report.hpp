#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/common_options.hpp"
#include "cli/report_files.hpp"

namespace weir::cli {

/// Writes a report where the options say: into a folder unless that is empty, into the files of
/// other formats, and as JSON or as a summary to standard output. The exit code says whether all of
/// it could be written.
int deliver_report(const nlohmann::ordered_json& report, const std::string& folder,
                   ReportFiles& formats, const CommonOptions& options);

}  // namespace weir::cli
