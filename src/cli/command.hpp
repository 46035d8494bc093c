#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/version.hpp"

namespace weir::cli {

/// Exit codes of the program; they are a documented interface.
enum ExitCode : int {
  exit_passed = 0,
  exit_could_not_run = 1,
  exit_usage = 2,
  exit_invalid_scenario = 3,
  exit_failed = 4,
  exit_unreachable = 5,
  exit_interrupted = 130,
};

/// Adds a subcommand with its options to the program and returns what runs it once they are parsed.
using AddCommand = std::function<std::function<int()>(CLI::App& program)>;

/// Parses the command line, runs the subcommand that it names and returns the exit code.
int run_program(const std::vector<AddCommand>& commands, const BuildFacts& build, int argc,
                char** argv);

std::function<int()> add_simulate(CLI::App& program);
std::function<int()> add_load(CLI::App& program);
std::function<int()> add_verify(CLI::App& program);
std::function<int()> add_probe(CLI::App& program);
std::function<int()> add_serve(CLI::App& program);
std::function<int()> add_sweep(CLI::App& program);
std::function<int()> add_report(CLI::App& program);
std::function<int()> add_validate(CLI::App& program);
std::function<int()> add_schema(CLI::App& program);
std::function<int()> add_algorithms(CLI::App& program);
std::function<int()> add_documents(CLI::App& program);

}  // namespace weir::cli
