#include <utility>
#include <vector>

#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/report_commands.hpp"

namespace weir::cli {

std::function<int()> add_report(CLI::App& program) {
  CLI::App* command = program.add_subcommand("report", "What to do with reports that were written");
  command->require_subcommand(1);
  std::vector<std::pair<CLI::App*, std::function<int()>>> runners;
  const std::vector<AddCommand> table = {add_report_render, add_report_compare, add_report_merge};
  for (const AddCommand& add : table) {
    std::function<int()> run = add(*command);
    runners.emplace_back(command->get_subcommands({}).back(), std::move(run));
  }
  // Last: what a command does not say it would take from the one above.
  tell(*command,
       {"Every run writes its report as JSON with --out DIR, and prints it with --json. A report "
        "has "
        "all that its figures were computed from; weir schema report describes every field."},
       {{"Write a report, and look at it again",
         "weir simulate scenario.jsonc --out reports; weir report render reports/scenario.json"}});
  return [runners] {
    for (const auto& [subcommand, run] : runners) {
      if (subcommand->parsed()) return run();
    }
    return static_cast<int>(exit_usage);
  };
}

}  // namespace weir::cli
