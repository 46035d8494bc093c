#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <memory>

#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/common_options.hpp"
#include "report/thresholds.hpp"
#include "sim/simulate.hpp"

namespace weir::cli {
namespace {

struct ValidateCommand {
  CommonOptions common;
  std::vector<std::string> scenarios;

  int run() {
    int worst = exit_passed;
    for (const std::string& path : scenarios) worst = std::max(worst, check(path));
    return worst;
  }

 private:
  int check(const std::string& path) {
    const auto load = common.load_options(folder_of(path));
    if (!load) return complain_of(load.error());
    const auto scenario = load_scenario(path, *load);
    if (!scenario) return scenario.error();
    // Traces are read too, since what they lack shows only then.
    const auto simulation = sim::Simulation::prepare(*scenario, {.policy = common.policy});
    Problems problems = simulation ? Problems{} : simulation.error().problems;
    if (const auto paths = report::check_threshold_paths(*scenario); !paths) {
      problems.insert(problems.end(), paths.error().begin(), paths.error().end());
    }
    if (!problems.empty()) {
      complain(path, problems);
      return simulation ? exit_invalid_scenario : static_cast<int>(simulation.error().kind);
    }
    if (!common.quiet) report(path, *simulation);
    return exit_passed;
  }

  static void report(const std::string& path, const sim::Simulation& simulation) {
    fmt::print("{}: valid\n", path);
    for (const std::string& note : simulation.notes()) fmt::print("  note: {}\n", note);
    if (!simulation.serial_reason().empty()) {
      fmt::print("  note: decisions are serial, whatever --threads says: {}\n",
                 simulation.serial_reason());
    }
  }
};

}  // namespace

std::function<int()> add_validate(CLI::App& program) {
  CLI::App* command = program.add_subcommand("validate", "Check scenario files, running nothing");
  const auto state = std::make_shared<ValidateCommand>();
  command->add_option("SCENARIO", state->scenarios, "Scenario files")
      ->type_name("SCENARIO")
      ->required();
  state->common.add_to(*command);
  for (const char* meaningless : {"--json", "--no-color", "--threads"}) {
    command->remove_option(command->get_option(meaningless));
  }
  tell(*command,
       {"Names every problem at once, each with its place in the file. Traces are read too."},
       {{"Check all scenarios of a folder", "weir validate scenarios/*.jsonc"},
        {"Would it still be valid with another value",
         "weir validate scenario.jsonc --set /duration=10m"}});
  return [state] { return state->run(); };
}

}  // namespace weir::cli
