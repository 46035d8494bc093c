#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <algorithm>
#include <memory>

#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/common_options.hpp"
#include "cli/deliver_report.hpp"
#include "cli/late_costs.hpp"
#include "cli/live_run.hpp"
#include "cli/load_options.hpp"
#include "cli/number_between.hpp"
#include "cli/scenario_runs.hpp"
#include "cli/shard_choice.hpp"
#include "cli/verification_facts.hpp"
#include "core/text.hpp"
#include "load/load_run.hpp"
#include "oracle/live_evidence.hpp"
#include "report/json.hpp"
#include "report/thresholds.hpp"

namespace weir::cli {
namespace {

/// `weir verify`, its options parsed.
struct VerifyCommand {
  CommonOptions common;
  LoadWords words;
  ScenarioRuns runs;
  double least_agreement = 1.0;
  bool same_keys = false;

  void add_to(CLI::App& command);
  int run();

 private:
  int run_file(const std::string& path);
  int run_scenario(scenario::Scenario scenario, const std::string& source);
  tl::expected<policy::PolicySpec, std::string> policy_of(const scenario::Scenario& scenario) const;
};

void VerifyCommand::add_to(CLI::App& command) {
  runs.add_to(command, "Scenario files, whose policy the gateway is believed to enforce",
              "Replace keys by hashes in the report, as credentials always are");
  words.add_to(command);
  command
      .add_option("--min-agreement", least_agreement,
                  "The least share of decisions, and of what answers tell, as the policy has them "
                  "that passes")
      ->capture_default_str()
      ->type_name("RATIO")
      ->check(number_between(0.0, 1.0));
  command.add_flag("--same-keys", same_keys,
                   "Send generated values as they are: the gateway must not have met them before");
  common.add_to(command);
  tell(command,
       {"A decision agrees with the policy's model, disagrees, or is too close to call: a gateway "
        "decides at some instant between the first byte sent and the first received. Any "
        "disagreement fails, as do headers that tell what is not so of a single limit, unless the "
        "policy's response says that they tell nothing; more than 2 % too close to call, or "
        "traffic that is all allowed, is "
        "inconclusive. Both are exit code 4."},
       {{"Does this gateway do what the scenario's policy says",
         "weir verify scenario.jsonc --target http://127.0.0.1:8080"}});
}

int VerifyCommand::run() {
  if (!runs.files.empty() && words.any_instead()) {
    complain(
        "verify: --rate, --duration and --users say nothing of a scenario's traffic, which is to "
        "show its policy; --set overrides a field of it: --set /duration=5s");
    return exit_usage;
  }
  if (runs.files.empty()) {
    complain("verify: name a scenario file, whose policy is to be compared with (see --help)");
    return exit_usage;
  }
  if (const int code = runs.prepare(); code != exit_passed) return code;
  return runs.run_all([this](const std::string& file) { return run_file(file); });
}

int VerifyCommand::run_file(const std::string& path) {
  const auto load = common.load_options(folder_of(path), words.overrides());
  if (!load) return complain_of(load.error());
  auto scenario = load_scenario(path, *load);
  return scenario ? run_scenario(std::move(*scenario), path) : scenario.error();
}

tl::expected<policy::PolicySpec, std::string> VerifyCommand::policy_of(
    const scenario::Scenario& scenario) const {
  std::vector<policy::PolicySpec> policies = scenario.policies;
  if (!common.policy.empty()) {
    std::erase_if(policies, [this](const auto& p) { return p.name != common.policy; });
  }
  if (policies.size() == 1) return policies[0];
  return tl::unexpected(
      std::string(policies.empty() ? "there is no such policy" : "name one policy with --policy"));
}

/// Answers that mean neither allowed nor denied say nothing of the limit, and are often its
/// denials; nothing where they are few.
std::string why_many_mean_nothing(const metrics::LiveTotals& totals) {
  constexpr std::uint64_t few = 20;
  const auto kind = totals.errors.find("unexpected_status");
  std::uint64_t answers = 0;
  for (const auto& [status, count] : totals.statuses) answers += count;
  if (kind == totals.errors.end() || kind->second * few < answers) return "";
  std::string statuses;
  for (const auto& [status, count] : totals.statuses) {
    // What is allowed is 2xx and 3xx unless the scenario says otherwise; the others may be it.
    if (status.starts_with('2') || status.starts_with('3')) continue;
    statuses += fmt::format("{}{} had status {}", statuses.empty() ? "" : ", ",
                            format_count(static_cast<std::int64_t>(count)), status);
  }
  return fmt::format(
      "{} of {} answers meant neither allowed nor denied ({}): --denied, or \"denied_status\" in "
      "the policy's \"response\", says which statuses are denials",
      format_count(static_cast<std::int64_t>(kind->second)),
      format_count(static_cast<std::int64_t>(answers)), statuses);
}

int VerifyCommand::run_scenario(scenario::Scenario scenario, const std::string& source) {
  if (!runs.claim_report(scenario, source)) return exit_usage;
  say_that_it_is_not_cut("a verification", common.quiet);
  const auto policy = policy_of(scenario);
  if (!policy) {
    complain(fmt::format("{}: {}", source, policy.error()));
    return exit_usage;
  }
  // What the audit asks would be asked of the same keys.
  if (!scenario.target) scenario.target.emplace();
  scenario.target->audit = {.share = 0.0, .keys = 0};
  const bool reads_answers =
      std::any_of(policy->limits.begin(), policy->limits.end(), [](const policy::LimitSpec& limit) {
        return limit.charge.when != policy::ChargeSpec::When::admit && !limit.cost.empty();
      });
  auto run = load::LoadRun::prepare(scenario, {.threads = common.threads,
                                               .target = words.target,
                                               .policy = common.policy,
                                               .fresh_keys = !same_keys,
                                               .keeps_answers = reads_answers,
                                               .skip_bad_rows = runs.skip_bad_rows});
  if (!run) {
    complain(source, run.error().problems);
    return static_cast<int>(run.error().kind);
  }
  const auto read_costs = late_costs_of(*policy, run->columns(), scenario.target);
  if (!read_costs) {
    complain(source, read_costs.error());
    return exit_invalid_scenario;
  }
  const std::string pointer = policy->name.empty() ? "/policy" : "/policies/" + policy->name;
  const auto evidence = oracle::LiveEvidence::make(*policy, run->columns(), pointer, *read_costs);
  if (!evidence) {
    complain(source, evidence.error());
    return exit_invalid_scenario;
  }
  const Observed observed = observe(scenario, *run);
  if (const auto reached = run->reach(); !reached) {
    return runs.formats.add_failed(scenario.name, reached.error());
  }
  run->tell(**evidence);
  metrics::Outcome outcome = run_watched(*run, common);
  outcome.mode = "verify";
  const bool pseudonyms = runs.pseudonyms || observed.has_credentials;
  VerificationResult result = verification_of(**evidence, pseudonyms);
  result.facts.least_agreement = least_agreement;
  outcome.verification = std::move(result.facts);
  const auto& totals = outcome.policies.front().accumulator.live;
  const std::string unclear = totals ? why_many_mean_nothing(*totals) : "";
  if (!result.why_inconclusive.empty() && !unclear.empty()) result.why_inconclusive = unclear;
  if (outcome.why_inconclusive.empty()) outcome.why_inconclusive = result.why_inconclusive;
  const auto report = report::make_report(observed.scenario, outcome, {.pseudonyms = pseudonyms});
  const int code = deliver_report(report, runs.out, runs.formats, common);
  return code == exit_passed ? live_exit_code(report, outcome) : code;
}

}  // namespace

std::function<int()> add_verify(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "verify",
      "Send real traffic to a gateway and compare every decision with the policy's model");
  const auto state = std::make_shared<VerifyCommand>();
  state->add_to(*command);
  return [state] { return state->run(); };
}

}  // namespace weir::cli
