#include "sim/simulate.hpp"

#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <chrono>
#include <memory>

#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/common_options.hpp"
#include "cli/deliver_report.hpp"
#include "cli/inline_scenario.hpp"
#include "cli/interrupt.hpp"
#include "cli/load_options.hpp"
#include "cli/progress.hpp"
#include "cli/scenario_runs.hpp"
#include "cli/shard_choice.hpp"
#include "report/json.hpp"
#include "report/thresholds.hpp"

namespace weir::cli {
namespace {

/// `weir simulate`, its options parsed.
struct SimulateCommand {
  CommonOptions common;
  InlineScenario inline_scenario;
  ScenarioRuns runs;
  ShardOption shards;
  std::string decisions;

  void add_to(CLI::App& command);
  int run();

 private:
  int run_file(const std::string& path);
  int run_inline();
  int run_scenario(const scenario::Scenario& scenario, const std::string& source);
};

void SimulateCommand::add_to(CLI::App& command) {
  runs.add_to(command, "Scenario files", "Replace keys by hashes in the report");
  command.add_option("--decisions", decisions, "Write every decision as CSV")->type_name("FILE");
  command.add_option("--trace", inline_scenario.trace, "Recorded traffic, instead of a scenario")
      ->type_name("FILE");
  command
      .add_option("--format", inline_scenario.format,
                  "How the trace is written; needless where its name says .csv or .jsonl")
      ->type_name("FORMAT:{csv,jsonl,azure-llm,common-log,combined-log}");
  command
      .add_option("--limit", inline_scenario.limits,
                  "A limit, instead of a scenario; several make one policy: "
                  "'token-bucket capacity=20 rate=5/s key=user'")
      ->type_name("WORDS")
      ->allow_extra_args(false);
  command
      .add_option("--rate", inline_scenario.rate,
                  "Rate of generated traffic (Poisson, of 100 users), instead of a trace")
      ->type_name("RATE")
      ->default_str("200/s");
  command
      .add_option("--duration", inline_scenario.duration,
                  "Length of generated traffic (1m unless said), or of the trace (all of it)")
      ->type_name("DURATION");
  command.add_option("--speed", inline_scenario.speed, "Replay the trace so many times as fast")
      ->type_name("NUMBER")
      ->default_str("1");
  command
      .add_option("--spread", inline_scenario.spread,
                  "Spread rows at random over the resolution of their time stamps, such as 1s")
      ->type_name("DURATION");
  shards.add_to(command);
  common.add_to(command);
  tell(command,
       {"Traffic and limits come from scenario files, or from the options --trace, --limit, --rate "
        "and the like. The same scenario, seed and version give the same report, byte for byte, "
        "with any number of threads."},
       {{"Run a scenario, and keep its report as reports/NAME.json",
         "weir simulate scenario.jsonc --out reports"},
        {"What a limit would have denied of an access log",
         "weir simulate --trace access.log --format combined-log --limit 'token-bucket capacity=20 "
         "rate=10/1m key=ip'"},
        {"Try another value without another file",
         "weir simulate scenario.jsonc --set /policy/limits/0/rate=10/s"}});
}

int SimulateCommand::run() {
  if (runs.files.empty() ? !inline_scenario.enough() : inline_scenario.any()) {
    complain(runs.files.empty()
                 ? "simulate: name a scenario file, or a --trace or a --limit (see --help)"
                 : "simulate: --trace, --limit, --rate, --duration and the like stand instead of a "
                   "scenario file; --set overrides a field of one");
    return exit_usage;
  }
  if (!decisions.empty() && runs.files.size() > 1) {
    complain("simulate: --decisions takes one scenario at a time");
    return exit_usage;
  }
  if (const int code = shards.choose(common.quiet); code != exit_passed) return code;
  if (shards.shard && runs.pseudonyms) {
    complain(
        "simulate: --pseudonyms is for `weir report merge`: which keys were denied most is decided "
        "by their names, when all shards are there");
    return exit_usage;
  }
  if (const int code = runs.prepare(); code != exit_passed) return code;
  if (runs.files.empty()) return run_inline();
  return runs.run_all([this](const std::string& file) { return run_file(file); });
}

int SimulateCommand::run_file(const std::string& path) {
  const auto load = common.load_options(folder_of(path));
  if (!load) return complain_of(load.error());
  const auto scenario = load_scenario(path, *load);
  return scenario ? run_scenario(*scenario, path) : scenario.error();
}

int SimulateCommand::run_inline() {
  const auto document = inline_document(inline_scenario);
  const auto load = common.load_options("");
  for (const Error* error :
       {document ? nullptr : &document.error(), load ? nullptr : &load.error()}) {
    if (error == nullptr) continue;
    return complain_of(*error);
  }
  const auto scenario = scenario::read_scenario(*document, *load);
  if (!scenario) {
    complain("the options", by_option(scenario.error()));
    return exit_usage;
  }
  const int code = run_scenario(*scenario, "the options");
  return code == exit_invalid_scenario ? exit_usage : code;
}

int SimulateCommand::run_scenario(const scenario::Scenario& given, const std::string& source) {
  scenario::Scenario scenario = given;
  if (!runs.claim_report(scenario, source)) return exit_usage;
  const sim::SimulateOptions options{.threads = common.threads,
                                     .decisions_path = decisions,
                                     .policy = common.policy,
                                     .skip_bad_rows = runs.skip_bad_rows,
                                     .shard = shards.shard};
  const auto started = std::chrono::steady_clock::now();
  const auto simulation = sim::Simulation::prepare(scenario, options);
  if (!simulation) {
    const Problems& problems = simulation.error().problems;
    complain(source, runs.files.empty() ? by_option(problems) : problems);
    return static_cast<int>(simulation.error().kind);
  }
  if (!common.policy.empty()) {
    std::erase_if(scenario.policies, [&](const auto& p) { return p.name != common.policy; });
  }
  if (const auto paths = report::check_threshold_paths(scenario); !paths) {
    complain(source, paths.error());
    return exit_invalid_scenario;
  }
  for (const std::string& note : simulation->notes()) {
    if (!common.quiet) fmt::print(stderr, "weir: {}: note: {}\n", source, note);
  }
  if (!common.quiet && !simulation->serial_reason().empty() && common.threads > 1) {
    fmt::print(stderr, "weir: {}: decided one after another, by one thread{}: {}\n", source,
               scenario.policies.size() > 1 ? " a policy" : "", simulation->serial_reason());
  }
  sim::RunControl control;
  const auto outcome = [&] {
    const InterruptGuard guard(control.stop);
    const ProgressBar bar(control, scenario.name, !common.quiet);
    return simulation->run(control);
  }();
  if (!outcome) {
    return complain_of(outcome.error());
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  const auto report = report::make_report(scenario, *outcome, {.pseudonyms = runs.pseudonyms});
  const int delivered = deliver_report(report, runs.out, runs.formats, common);
  if (!common.quiet) {
    fmt::print(stderr, "simulated {} requests in {:.2f} s\n",
               format_count(static_cast<std::int64_t>(control.requests.load())), took.count());
  }
  if (delivered != exit_passed) return delivered;
  if (outcome->interrupted) return exit_interrupted;
  // What a shard was to prove shows when all are merged.
  return outcome->shard || report["verdict"] == "pass" ? exit_passed : exit_failed;
}

}  // namespace

std::function<int()> add_simulate(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "simulate", "Run limits on a virtual clock, from a scenario or a trace");
  const auto state = std::make_shared<SimulateCommand>();
  state->add_to(*command);
  return [state] { return state->run(); };
}

}  // namespace weir::cli
