#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <memory>

#include "cli/algorithms_text.hpp"
#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/common_options.hpp"
#include "core/text.hpp"
#include "limiter/catalogue.hpp"

namespace weir::cli {
namespace {

int describe(const std::string& id) {
  if (const limiter::AlgorithmInfo* info = limiter::find_algorithm(id)) {
    fmt::print("{}", describe_algorithm(*info));
    return exit_passed;
  }
  std::vector<std::string_view> ids;
  for (const limiter::AlgorithmInfo& info : limiter::catalogue()) ids.push_back(info.id);
  const std::string_view near = nearest(id, ids);
  complain(fmt::format(
      "algorithms: \"{}\" is not in the catalogue{}", id,
      near.empty() ? " (weir algorithms lists it)" : fmt::format("; did you mean {}?", near)));
  return exit_usage;
}

}  // namespace

std::function<int()> add_algorithms(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("algorithms", "List the limiter catalogue, or describe one entry");
  const auto id = std::make_shared<std::string>();
  command->add_option("ID", *id, "An algorithm of the catalogue; all are listed without it")
      ->type_name("ALGORITHM");
  tell(*command,
       {"An entry has its rule, source and version, its parameters, the bytes of state per "
        "key and an example that runs."},
       {{"All algorithms, by family", "weir algorithms"},
        {"One of them, to its last rounding step", "weir algorithms nginx-limit-req"}});
  return [id] {
    if (!id->empty()) return describe(*id);
    fmt::print("{}", list_algorithms());
    return static_cast<int>(exit_passed);
  };
}

}  // namespace weir::cli
