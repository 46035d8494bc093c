#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <memory>

#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/schemas.hpp"
#include "report/probe.hpp"
#include "report/schema.hpp"
#include "report/sweep_schema.hpp"
#include "scenario/model.hpp"

namespace weir::cli {

const std::map<std::string, std::function<nlohmann::ordered_json()>>& schemas() {
  static const std::map<std::string, std::function<nlohmann::ordered_json()>> all = {
      {"probe", report::probe_schema},
      {"report", report::report_schema},
      {"scenario", scenario::scenario_schema},
      {"sweep", report::sweep_schema}};
  return all;
}

std::function<int()> add_schema(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("schema", "Print a JSON Schema, for editors and checkers");
  const auto what = std::make_shared<std::string>();
  std::vector<std::string> names;
  for (const auto& [name, schema] : schemas()) names.push_back(name);
  command->add_option("WHAT", *what, "Which schema: of scenario files, of reports, or of sweeps")
      ->required()
      ->check(CLI::IsMember(names));
  tell(
      *command,
      {"Editors complete and check a scenario file that names its schema: \"$schema\": "
       "\"schema/scenario.json\". The bundled scenarios do."},
      {{"Keep the schema of scenario files for an editor", "weir schema scenario >scenario.json"}});
  return [what] {
    fmt::print("{}\n", schemas().at(*what)().dump(2));
    return static_cast<int>(exit_passed);
  };
}

}  // namespace weir::cli
