#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "report/schema.hpp"
#include "scenario/model.hpp"

namespace weir::cli {

std::function<int()> add_schema(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("schema", "Print a JSON Schema, for editors and checkers");
  const auto what = std::make_shared<std::string>();
  command->add_option("WHAT", *what, "scenario or report")
      ->required()
      ->check(CLI::IsMember({"scenario", "report"}));
  return [what] {
    const auto schema = *what == "scenario" ? scenario::scenario_schema() : report::report_schema();
    fmt::print("{}\n", schema.dump(2));
    return static_cast<int>(exit_passed);
  };
}

}  // namespace weir::cli
