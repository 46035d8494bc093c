#pragma once

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "report/junit.hpp"

namespace weir::cli {

/// The files that a run writes its reports into, beside JSON: those of several scenarios into the
/// same ones, but for HTML.
struct ReportFiles {
  std::string html;
  std::string junit;
  std::string markdown;
  std::string csv;

  void add_to(CLI::App& command);
  /// Writes all of them anew, with this report and those before it.
  Result<void> add(const nlohmann::ordered_json& report);
  /// Complains that a run could not even begin, which JUnit tells as an error; the exit code.
  int add_failed(const std::string& name, const Error& error);
  /// Whether they can be written at all.
  Result<void> ensure_writable() const;

 private:
  std::vector<nlohmann::ordered_json> reports_;
  std::vector<report::FailedRun> failed_;
};

enum class Readers { anybody, owner };

/// Writes a file; it is either the old one or the whole new one, never a part.
Result<void> write_whole_file(const std::string& path, const std::string& content,
                              Readers readers = Readers::anybody);

/// Whether a file can be written; changes nothing.
Result<void> ensure_writable(const std::string& path);

}  // namespace weir::cli
