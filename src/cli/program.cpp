#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <exception>
#include <new>

#include "cli/command.hpp"
#include "cli/common_options.hpp"

namespace weir::cli {
namespace {

// No exception of a library, and no output that could not be written, ends in success.
int run_guarded(const std::function<int()>& run) {
  int code = exit_could_not_run;
  try {
    code = run();
  } catch (const std::bad_alloc&) {
    complain("out of memory");
  } catch (const std::exception& error) {
    complain(error.what());
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    complain("could not write to standard output");
    return exit_could_not_run;
  }
  return code;
}

}  // namespace

int run_program(const std::vector<AddCommand>& commands, int argc, char** argv) {
  CLI::App program("weir: choose, prove and hold rate limits", "weir");
  program.set_version_flag("--version", "weir " WEIR_VERSION);
  program.require_subcommand(1);
  program.footer(
      "Exit codes: 0 passed, 1 could not run, 2 wrong usage, 3 invalid scenario, 4 a threshold or "
      "verdict\nfailed, 5 target unreachable, 130 interrupted (the report is still written).");
  std::vector<std::pair<CLI::App*, std::function<int()>>> runners;
  for (const AddCommand& add : commands) {
    std::function<int()> run = add(program);
    runners.emplace_back(program.get_subcommands({}).back(), std::move(run));
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? exit_passed : exit_usage;
  }
  for (const auto& [command, run] : runners) {
    if (command->parsed()) return run_guarded(run);
  }
  return exit_usage;
}

}  // namespace weir::cli
