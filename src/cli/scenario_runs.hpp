#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "cli/report_files.hpp"
#include "scenario/model.hpp"

namespace weir::cli {

/// What the commands have in common that run scenario files, one after another, and write a report
/// of each.
struct ScenarioRuns {
  std::vector<std::string> files;
  /// The folder for reports; empty for none.
  std::string out;
  /// The files for reports in other formats.
  ReportFiles formats;
  bool skip_bad_rows = false;
  bool pseudonyms = false;

  /// `files_are` and `pseudonyms_do` are what the help says of these.
  void add_to(CLI::App& command, const std::string& files_are, const std::string& pseudonyms_do);
  /// Makes the folder for reports, if there is to be one, so that a run does not find out at its
  /// end; an exit code.
  int prepare() const;
  /// Runs file after file, until somebody interrupts one; the exit code of all.
  int run_all(const std::function<int(const std::string& file)>& run) const;
  /// Whether the scenario's report has a name of its own; complains if not.
  bool claim_report(const scenario::Scenario& scenario, const std::string& source);

 private:
  /// The names under which reports have been written.
  std::set<std::string> written_;
};

}  // namespace weir::cli
