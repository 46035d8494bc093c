#include "cli/scenario_runs.hpp"

#include <fmt/format.h>

#include <CLI/Option.hpp>

#include "cli/command.hpp"
#include "cli/common_options.hpp"
#include "cli/write_report.hpp"

namespace weir::cli {
namespace {

/// What could not be run weighs more than what ran and failed.
int worse_exit_code(int a, int b) {
  const auto weight = [](int code) {
    return code == exit_passed ? 0 : code == exit_failed ? 1 : 2;
  };
  return weight(b) > weight(a) ? b : a;
}

}  // namespace

void ScenarioRuns::add_to(CLI::App& command, const std::string& files_are,
                          const std::string& pseudonyms_do) {
  command.add_option("SCENARIO", files, files_are)->type_name("SCENARIO");
  command.add_option("--out", out, "Write NAME.json for every scenario into this folder")
      ->type_name("DIR");
  formats.add_to(command);
  command.add_flag("--pseudonyms", pseudonyms, pseudonyms_do);
  command.add_flag("--skip-bad-rows", skip_bad_rows, "Skip and count unreadable rows of a trace");
}

int ScenarioRuns::prepare() const {
  if (!formats.html.empty() && files.size() > 1) {
    complain("--html takes one scenario at a time");
    return exit_usage;
  }
  if (const auto can = formats.ensure_writable(); !can) return complain_of(can.error());
  if (out.empty()) return exit_passed;
  const auto made = make_report_folder(out);
  return made ? static_cast<int>(exit_passed) : complain_of(made.error());
}

int ScenarioRuns::run_all(const std::function<int(const std::string& file)>& run) const {
  int worst = exit_passed;
  for (const std::string& file : files) {
    const int code = run(file);
    if (code == exit_interrupted) return code;
    worst = worse_exit_code(worst, code);
  }
  return worst;
}

bool ScenarioRuns::claim_report(const scenario::Scenario& scenario, const std::string& source) {
  if (out.empty() || written_.insert(scenario.name).second) return true;
  complain(fmt::format("{}: another scenario is called \"{}\" too, and its report would be lost",
                       source, scenario.name));
  return false;
}

}  // namespace weir::cli
