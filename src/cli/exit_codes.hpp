#pragma once

#include <array>

#include "cli/command.hpp"

namespace weir::cli {

/// An exit code and what it means, as help and manual say it.
struct ExitMeaning {
  ExitCode code;
  const char* meaning;
};

inline constexpr std::array<ExitMeaning, 7> exit_meanings = {{
    {exit_passed, "passed"},
    {exit_could_not_run, "could not run (input, output, internal)"},
    {exit_usage, "wrong usage"},
    {exit_invalid_scenario, "invalid scenario"},
    {exit_failed, "a threshold or a verdict failed, or was inconclusive"},
    {exit_unreachable, "the target could not be reached, or never answered"},
    {exit_interrupted, "interrupted; the report is still written"},
}};

}  // namespace weir::cli
