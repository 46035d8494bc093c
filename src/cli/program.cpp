#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>

#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/common_options.hpp"
#include "cli/help.hpp"
#include "cli/usage_error.hpp"

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

int run_program(const std::vector<AddCommand>& commands, const BuildFacts& build, int argc,
                char** argv) {
  CLI::App program("Choose, prove and hold rate limits", "weir");
  program.formatter(std::make_shared<HelpFormatter>());
  program.set_help_flag("--help,-h", "Print this help");
  program.set_version_flag(
      "--version", [&build] { return version_text(build); },
      "Print the version and what it was built with");
  program.require_subcommand(1);
  std::vector<std::pair<CLI::App*, std::function<int()>>> runners;
  for (const AddCommand& add : commands) {
    std::function<int()> run = add(program);
    runners.emplace_back(program.get_subcommands({}).back(), std::move(run));
  }
  // Last: what a command does not say it would take from the program.
  tell(program,
       {"weir simulates a rate-limiting policy on recorded or synthetic traffic, sends the very "
        "same "
        "requests to a running gateway and compares, and is a gateway itself. A scenario file says "
        "who sends what and what is admitted; thresholds in it decide the exit code."},
       {{"What a limit would have denied of recorded traffic",
         "weir simulate --trace access.log --format combined-log --limit 'token-bucket capacity=20 "
         "rate=10/1m key=ip'"},
        {"Run a scenario, and keep its report", "weir simulate scenario.jsonc --out reports"},
        {"What a running gateway does",
         "weir load http://127.0.0.1:8080/ --rate 100/s --duration 10s"}});
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);  // --help, --version
    complain(usage_error(program, error));
    return exit_usage;
  }
  for (const auto& [command, run] : runners) {
    if (command->parsed()) return run_guarded(run);
  }
  return exit_usage;
}

}  // namespace weir::cli
