// A run that is cut into shards, whose reports go through their files, is the run that was not cut.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "report/json.hpp"
#include "report/merge.hpp"
#include "report/reading.hpp"
#include "sim/outcome_for_test.hpp"
#include "sim/random_scenario_for_test.hpp"

namespace weir::sim {
namespace {

std::string report_text(const scenario::Scenario& scenario, std::optional<Shard> shard) {
  return report::to_text(
      report::make_report(scenario, outcome_of(scenario, {.threads = 1, .shard = shard}), {}));
}

std::string merged_text(const scenario::Scenario& scenario, std::uint32_t count) {
  std::vector<report::NamedReport> shards;
  // Whichever comes first.
  for (std::uint32_t i = count; i > 0; --i) {
    const std::string name = fmt::format("{} of {}", i, count);
    auto read = report::read_report(report_text(scenario, Shard{.index = i, .count = count}), name);
    if (!read) return read.error().message;
    shards.push_back({name, std::move(*read)});
  }
  const auto merged = report::merge_shards(shards, false);
  return merged ? report::to_text(*merged) : merged.error().message;
}

bool can_be_cut(const scenario::Scenario& scenario) {
  return Simulation::prepare(scenario, {.shard = Shard{.index = 1, .count = 2}}).has_value();
}

/// What of a scenario is hard to cut: several limits, clients that come back, what serves them.
struct Hardships {
  bool limits = false, retries = false, backend = false, policies = false;
};

Hardships hardships_of(const scenario::Scenario& scenario) {
  Hardships found = {.backend = scenario.backend.has_value(),
                     .policies = scenario.policies.size() > 1};
  for (const policy::PolicySpec& policy : scenario.policies) {
    found.limits = found.limits || policy.limits.size() > 1;
  }
  for (const metrics::PolicyOutcome& policy : outcome_of(scenario, {.threads = 1}).policies) {
    found.retries = found.retries || policy.accumulator.operations.retries > 0;
  }
  return found;
}

TEST(MergedSimulations, OfTenRandomScenariosMergeIntoTheWholeRun) {
  int cut = 0, with_backend = 0, with_policies = 0;
  for (std::uint64_t number = 1; cut < 10 && number < 5'000; ++number) {
    const std::string text = RandomScenario(number).text(number % 2 == 0);
    const scenario::Scenario scenario = scenario_of(text);
    if (!can_be_cut(scenario)) continue;
    const Hardships hard = hardships_of(scenario);
    if (!hard.limits || !hard.retries) continue;
    const std::string whole = report_text(scenario, std::nullopt);
    for (const std::uint32_t count : {2U, 3U, 7U}) {
      ASSERT_EQ(merged_text(scenario, count), whole) << count << " shards of " << text;
    }
    ++cut;
    with_backend += hard.backend ? 1 : 0;
    with_policies += hard.policies ? 1 : 0;
  }
  EXPECT_EQ(cut, 10);
  EXPECT_GE(with_backend, 1);
  EXPECT_GE(with_policies, 1);
}

/// Two classes over users, and limits by them; `more` are other fields of the scenario.
std::string by_user(const std::string& limits, const std::string& more = "") {
  return R"({"name": "cut", "duration": "3s", "policy": {"limits": [)" + limits + "]}" + more +
         R"(, "traffic": [{"name": "c", "arrivals": {"process": "poisson", "rate": "400/s"},
             "attributes": {"user": {"uniform": {"count": 40}}}}]})";
}

constexpr const char* window_by_user =
    R"({"algorithm": "fixed-window", "limit": 7, "window": "1s", "key": ["user"]})";

std::string why_not(const std::string& text) {
  const auto simulation =
      Simulation::prepare(scenario_of(text), {.shard = Shard{.index = 1, .count = 2}});
  return simulation ? "" : simulation.error().problems.at(0).message;
}

TEST(MergedSimulations, AreRefusedWhereAnythingIsShared) {
  EXPECT_EQ(why_not(by_user(window_by_user)), "");
  EXPECT_EQ(why_not(by_user(R"({"name": "all", "algorithm": "deny-all", "key": []})")),
            "cannot be cut into shards: limit \"all\" has one bucket for all (\"key\": [])");
  EXPECT_EQ(why_not(by_user("")),
            "cannot be cut into shards: no limit has a key to tell its requests apart by");
  EXPECT_EQ(why_not(by_user(window_by_user, R"(, "backend": {"latency": "5ms", "slots": 3})")),
            "cannot be cut into shards: all requests share the back end's slots");
  EXPECT_EQ(why_not(by_user(window_by_user, R"(, "backend": {"latency": "5ms"})")), "");
  EXPECT_EQ(why_not(R"({"name": "closed", "duration": "3s", "policy": {"limits": [)" +
                    std::string(window_by_user) + R"(]}, "traffic": [{"name": "loop",
      "clients": {"count": 3, "think_time": "1s"}, "attributes": {"user": {"uniform": {"count": 4}}}}]})"),
            "cannot be cut into shards: class \"loop\" sends when it has been answered");
}

TEST(MergedSimulations, OneLogicalShardEachCountsEveryRequestOnce) {
  const scenario::Scenario scenario = scenario_of(by_user(window_by_user));
  const std::string whole = report_text(scenario, std::nullopt);
  EXPECT_EQ(merged_text(scenario, 64), whole);
  EXPECT_EQ(merged_text(scenario, 1), whole);
}

TEST(MergedSimulations, AreTheSameWithAnyNumberOfThreads) {
  const scenario::Scenario scenario = scenario_of(by_user(window_by_user));
  const Shard shard = {.index = 2, .count = 3};
  const auto one = outcome_of(scenario, {.threads = 1, .shard = shard});
  const auto five = outcome_of(scenario, {.threads = 5, .shard = shard});
  EXPECT_TRUE(only(one) == only(five));
  EXPECT_GT(only(one).totals.attempts, 200U);
  EXPECT_LT(only(one).totals.attempts, 900U);
}

}  // namespace
}  // namespace weir::sim
