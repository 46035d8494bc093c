#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <filesystem>
#include <memory>

#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/common_options.hpp"
#include "cli/deliver_report.hpp"
#include "cli/live_run.hpp"
#include "cli/load_options.hpp"
#include "cli/scenario_runs.hpp"
#include "cli/shard_choice.hpp"
#include "load/load_run.hpp"
#include "report/hdr_log.hpp"
#include "report/json.hpp"
#include "report/thresholds.hpp"

namespace weir::cli {
namespace {

/// `weir load`, its options parsed.
struct LoadCommand {
  CommonOptions common;
  LoadWords words;
  ScenarioRuns runs;
  ShardOption shards;
  std::string hdr_log;
  bool fresh_keys = false;

  void add_to(CLI::App& command);
  int run();

 private:
  std::string check_words();
  int run_file(const std::string& path);
  int run_words();
  int run_scenario(const scenario::Scenario& scenario, const std::string& source);
  int deliver(const nlohmann::ordered_json& report, const metrics::Outcome& outcome);
};

bool is_url(const std::string& text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

void LoadCommand::add_to(CLI::App& command) {
  runs.add_to(command, "Scenario files; or a URL, as --target",
              "Replace keys by hashes in the report, as credentials always are");
  words.add_to(command);
  command.add_flag("--fresh-keys", fresh_keys,
                   "Make generated values new to the gateway: user-5-k3x9q1");
  command.add_option("--hdr-log", hdr_log, "Write latencies as an HdrHistogram interval log")
      ->type_name("FILE");
  shards.add_to(command);
  common.add_to(command);
  tell(
      command,
      {"With a rate, requests are due when it says so, whatever the answers do, and latency counts "
       "from then. Without one, so many connections send as fast as they are answered.",
       "A share of the denials is tried again at the promised instant, to see whether Retry-After "
       "told the truth."},
      {{"100 requests a second of 20 users",
        "weir load http://127.0.0.1:8080/ -H 'X-User: {user}' --users 20 --rate 100/s"},
       {"A scenario's traffic, with keys that the gateway has not met",
        "weir load scenario.jsonc --target http://127.0.0.1:8080 --fresh-keys"}});
}

// A URL among the scenarios is the target, as a user of wrk or curl would have it.
std::string LoadCommand::check_words() {
  for (const std::string& url : runs.files) {
    if (!is_url(url)) continue;
    if (!words.target.empty()) return "load: one target at a time";
    words.target = url;
  }
  std::erase_if(runs.files, is_url);
  for (const std::string& path : runs.files) {
    std::error_code error;
    if (path.find(':') == std::string::npos || std::filesystem::exists(path, error)) continue;
    // What stands before an "@" is nobody's business.
    return fmt::format("load: {}: there is no such file, and a URL begins with http:// or https://",
                       path.substr(path.rfind('@') + 1));
  }
  if (runs.files.empty() && words.target.empty()) {
    return "load: name a scenario file, or a --target URL (see --help)";
  }
  if (!runs.files.empty() && words.any_instead()) {
    return "load: --rate, --duration and --users stand instead of a scenario file; --set overrides "
           "a field of one";
  }
  if (!hdr_log.empty() && runs.files.size() > 1)
    return "load: --hdr-log takes one scenario at a time";
  return "";
}

int LoadCommand::run() {
  if (const std::string wrong = check_words(); !wrong.empty()) {
    complain(wrong);
    return exit_usage;
  }
  if (const int code = shards.choose(common.quiet); code != exit_passed) return code;
  if (const int code = runs.prepare(); code != exit_passed) return code;
  if (runs.files.empty()) return run_words();
  return runs.run_all([this](const std::string& file) { return run_file(file); });
}

int LoadCommand::run_file(const std::string& path) {
  const auto load = common.load_options(folder_of(path), words.overrides());
  if (!load) return complain_of(load.error());
  const auto scenario = load_scenario(path, *load);
  return scenario ? run_scenario(*scenario, path) : scenario.error();
}

int LoadCommand::run_words() {
  const auto document = load_document(words);
  if (!document) return complain_of(document.error());
  const auto load = common.load_options("", words.overrides());
  if (!load) return complain_of(load.error());
  const auto scenario = scenario::read_scenario(*document, *load);
  if (!scenario) {
    complain("the options", by_option(scenario.error()));
    return exit_usage;
  }
  const int code = run_scenario(*scenario, "the options");
  return code == exit_invalid_scenario ? exit_usage : code;
}

int LoadCommand::run_scenario(const scenario::Scenario& scenario, const std::string& source) {
  if (!runs.claim_report(scenario, source)) return exit_usage;
  auto run = load::LoadRun::prepare(scenario, {.threads = common.threads,
                                               .target = words.target,
                                               .policy = common.policy,
                                               .fresh_keys = fresh_keys,
                                               .skip_bad_rows = runs.skip_bad_rows,
                                               .shard = shards.shard});
  if (!run) {
    const bool is_of_options = runs.files.empty();
    complain(source, is_of_options ? by_option(run.error().problems) : run.error().problems);
    return static_cast<int>(run.error().kind);
  }
  const Observed observed = observe(scenario, *run);
  if (const auto paths = report::check_threshold_paths(observed.scenario, true); !paths) {
    complain(source, paths.error());
    return exit_invalid_scenario;
  }
  if (const auto reached = run->reach(); !reached) {
    return runs.formats.add_failed(scenario.name, reached.error());
  }
  const metrics::Outcome outcome = run_watched(*run, common);
  const auto report = report::make_report(
      observed.scenario, outcome, {.pseudonyms = runs.pseudonyms || observed.has_credentials});
  return deliver(report, outcome);
}

int LoadCommand::deliver(const nlohmann::ordered_json& report, const metrics::Outcome& outcome) {
  int code = deliver_report(report, runs.out, runs.formats, common);
  if (!hdr_log.empty()) {
    if (const auto done = report::write_hdr_log(hdr_log, outcome); !done) {
      code = complain_of(done.error());
    }
  }
  return code == exit_passed ? live_exit_code(report, outcome) : code;
}

}  // namespace

std::function<int()> add_load(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "load", "Send real HTTP requests to a running gateway, on time, and report what it does");
  const auto state = std::make_shared<LoadCommand>();
  state->add_to(*command);
  return [state] { return state->run(); };
}

}  // namespace weir::cli
