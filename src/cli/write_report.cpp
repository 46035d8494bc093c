#include "cli/write_report.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "cli/report_files.hpp"
#include "report/json.hpp"

namespace weir::cli {

Result<void> make_report_folder(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!error) return {};
  return fail(ErrorKind::cannot_run,
              fmt::format("cannot make the folder {}: {}", directory, error.message()));
}

Result<void> write_report(const std::string& directory, const nlohmann::ordered_json& report) {
  if (const Result<void> made = make_report_folder(directory); !made) return made;
  const std::string name = report::file_stem(report) + ".json";
  return write_report_file((std::filesystem::path(directory) / name).string(), report);
}

Result<void> write_report_file(const std::string& path, const nlohmann::ordered_json& report) {
  return write_whole_file(path, report::to_text(report));
}

}  // namespace weir::cli
