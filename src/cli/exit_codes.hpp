#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "cli/command.hpp"

namespace weir::cli {

/// An exit code and what it means, as help and manual say it.
struct ExitMeaning {
  ExitCode code;
  const char* meaning;
  /// The commands that give it, as "report merge"; all if there is none.
  std::vector<std::string_view> commands;
};

inline const std::array<ExitMeaning, 7> exit_meanings = {{
    {exit_passed, "passed", {}},
    {exit_could_not_run, "could not run (input, output, internal)", {}},
    {exit_usage, "wrong usage", {}},
    {exit_invalid_scenario,
     "invalid scenario",
     {"simulate", "load", "verify", "serve", "sweep", "validate"}},
    {exit_failed,
     "a threshold or a verdict failed, or was inconclusive",
     {"simulate", "load", "verify", "probe", "sweep", "report", "report compare", "report merge"}},
    {exit_unreachable,
     "the target could not be reached, or never answered",
     {"load", "verify", "probe"}},
    {exit_interrupted,
     "interrupted; the report is still written",
     {"simulate", "load", "verify", "probe", "sweep"}},
}};

/// Whether a command, by the words behind the program's name, gives that exit code.
inline bool gives(const ExitMeaning& exit, std::string_view command) {
  return command.empty() || exit.commands.empty() ||
         std::find(exit.commands.begin(), exit.commands.end(), command) != exit.commands.end();
}

}  // namespace weir::cli
