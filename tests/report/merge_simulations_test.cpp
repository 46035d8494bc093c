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

TEST(MergedSimulations, OfTenRandomScenariosMergeIntoTheWholeRun) {
  int cut = 0, with_backend = 0, with_retries = 0, with_policies = 0, with_limits = 0;
  for (std::uint64_t number = 1; cut < 10 && number < 2'000; ++number) {
    const std::string text = RandomScenario(number).text(number % 2 == 0);
    scenario::Scenario scenario = scenario_of(text);
    if (!can_be_cut(scenario)) continue;
    scenario.thresholds = {};
    const std::string whole = report_text(scenario, std::nullopt);
    for (const std::uint32_t count : {2U, 3U, 7U}) {
      ASSERT_EQ(merged_text(scenario, count), whole) << count << " shards of " << text;
    }
    ++cut;
    with_backend += scenario.backend ? 1 : 0;
    with_policies += scenario.policies.size() > 1 ? 1 : 0;
    with_limits += scenario.policies[0].limits.size() > 1 ? 1 : 0;
    with_retries += whole.find("\"retry_peak\": 0") == std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(cut, 10);
  EXPECT_GE(with_backend, 2);
  EXPECT_GE(with_policies, 2);
  EXPECT_GE(with_limits, 2);
  EXPECT_GE(with_retries, 2);
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
  EXPECT_LT(only(one).totals.attempts, 600U);
}

}  // namespace
}  // namespace weir::sim
