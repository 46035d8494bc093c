#include "cli/report_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/Option.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "cli/common_options.hpp"
#include "report/csv.hpp"
#include "report/html_report.hpp"
#include "report/markdown.hpp"

namespace weir::cli {

void ReportFiles::add_to(CLI::App& command) {
  command.add_option("--html", html, "Write the report as an HTML page")->type_name("FILE");
  command.add_option("--junit", junit, "Write the thresholds as JUnit XML")->type_name("FILE");
  command.add_option("--markdown", markdown, "Write a summary as Markdown")->type_name("FILE");
  command.add_option("--csv", csv, "Write all figures as CSV")->type_name("FILE");
}

Result<void> ReportFiles::add(const nlohmann::ordered_json& report) {
  if (html.empty() && junit.empty() && markdown.empty() && csv.empty()) return {};
  if (!html.empty() && !reports_.empty()) {
    return fail(ErrorKind::usage, "--html takes one scenario at a time");
  }
  reports_.push_back(report);
  const auto write = [](const std::string& path, const auto& render) -> Result<void> {
    return path.empty() ? Result<void>() : write_whole_file(path, render());
  };
  const Result<void> results[] = {
      write(html, [&] { return report::render_html(report); }),
      write(junit, [&] { return report::render_junit(reports_, failed_); }),
      write(markdown, [&] { return report::render_markdown(reports_); }),
      write(csv, [&] { return report::render_csv(reports_); })};
  for (const Result<void>& result : results) {
    if (!result) return result;
  }
  return {};
}

int ReportFiles::add_failed(const std::string& name, const Error& error) {
  const int code = complain_of(error);
  failed_.push_back({name, error.message});
  if (junit.empty()) return code;
  const auto written = write_whole_file(junit, report::render_junit(reports_, failed_));
  return written ? code : complain_of(written.error());
}

Result<void> ReportFiles::ensure_writable() const {
  for (const std::string& path : {html, junit, markdown, csv}) {
    if (path.empty()) continue;
    if (const auto can = cli::ensure_writable(path); !can) return can;
  }
  return {};
}

namespace {

tl::unexpected<Error> cannot_write(const std::string& path) {
  return fail(ErrorKind::cannot_run,
              fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

std::string part_of(const std::string& path) { return path + ".part"; }

}  // namespace

Result<void> write_whole_file(const std::string& path, const std::string& content,
                              Readers readers) {
  const std::string part = part_of(path);
  const bool is_private = readers == Readers::owner;
  const auto usual_mask = is_private ? ::umask(0077) : 0;
  std::FILE* const file = std::fopen(part.c_str(), "wb");
  if (is_private) ::umask(usual_mask);
  bool ok =
      file != nullptr && std::fwrite(content.data(), 1, content.size(), file) == content.size();
  if (file != nullptr) ok = std::fclose(file) == 0 && ok;
  ok = ok && std::rename(part.c_str(), path.c_str()) == 0;
  if (ok) return {};
  auto error = cannot_write(path);
  if (file != nullptr) std::remove(part.c_str());
  return error;
}

Result<void> ensure_writable(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    errno = EISDIR;
    return cannot_write(path);
  }
  std::FILE* const file = std::fopen(part_of(path).c_str(), "wb");
  if (file == nullptr) return cannot_write(path);
  std::fclose(file);
  std::remove(part_of(path).c_str());
  return {};
}

}  // namespace weir::cli
