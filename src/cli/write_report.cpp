#include "cli/write_report.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

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
  const std::string part = path + ".part";
  const std::string text = report::to_text(report);
  std::FILE* const file = std::fopen(part.c_str(), "wb");
  bool ok = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr) ok = std::fclose(file) == 0 && ok;
  ok = ok && std::rename(part.c_str(), path.c_str()) == 0;
  if (ok) return {};
  const std::string reason = std::strerror(errno);
  std::remove(part.c_str());
  return fail(ErrorKind::cannot_run, fmt::format("cannot write {}: {}", path, reason));
}

}  // namespace weir::cli
