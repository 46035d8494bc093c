#include "sim/simulate.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "sim/outcome_for_test.hpp"

namespace weir::sim {
namespace {

// Three policies, four kinds of arrivals, derived attributes, costs: all that a lane can hold.
const char* const busy_scenario = R"({
  "name": "busy", "seed": 9, "duration": "20s", "warmup": "2s",
  "policies": {
    "one": {"limits": [{"algorithm": "gcra", "rate": "5/s", "burst": 10, "key": ["user"]}]},
    "two": {"limits": [
      {"algorithm": "sliding-window-log", "limit": {"by": "tier", "free": 5, "pro": 50},
       "window": "1s", "key": ["user", "model"]},
      {"algorithm": "token-bucket", "capacity": 3000, "rate": "1000/s", "key": ["user"],
       "cost": "tokens", "when": {"tier": "free"}}]},
    "queue": {"limits": [{"algorithm": "leaky-bucket-queue", "capacity": 5, "rate": "7/s", "key": ["user"]}]}
  },
  "traffic": [
    {"name": "poisson", "arrivals": {"process": "poisson", "rate": "400/s"},
     "attributes": {"user": {"zipf": {"count": 60, "exponent": 1.0}},
                    "model": {"weights": {"large": 1, "small": 3}},
                    "tier": {"of": "user", "weights": {"free": 3, "pro": 1}}},
     "costs": {"tokens": {"lognormal": {"median": 100, "sigma": 1}}}},
    {"name": "steady", "arrivals": {"process": "gamma", "rate": "100/s", "shape": 0.5},
     "attributes": {"user": {"sequence": {"count": 20}}, "model": "small",
                    "tier": {"of": "user", "weights": {"free": 3, "pro": 1}}},
     "costs": {"tokens": 50}}
  ]})";

void expect_equal(const metrics::Outcome& a, const metrics::Outcome& b) {
  ASSERT_EQ(a.policies.size(), b.policies.size());
  for (std::size_t p = 0; p < a.policies.size(); ++p) {
    EXPECT_EQ(a.policies[p].name, b.policies[p].name);
    EXPECT_TRUE(a.policies[p].accumulator == b.policies[p].accumulator) << a.policies[p].name;
  }
}

TEST(Simulate, ThreadsAndBlocksChangeNothing) {
  const metrics::Outcome once = outcome_of(busy_scenario, {.threads = 1});
  ASSERT_GT(once.policies[0].accumulator.totals.denied, 100U);
  for (const unsigned threads : {2U, 3U, 7U}) {
    expect_equal(once,
                 outcome_of(busy_scenario, {.threads = threads, .block_rows = 100 + threads}));
  }
}

TEST(Simulate, OneShardAtATimeEqualsAllAtOnce) {
  const char* const text = R"({"name": "s", "duration": "30s",
    "policy": {"limits": [{"algorithm": "gcra", "rate": "2/s", "burst": 5, "key": ["user"]}]},
    "traffic": [{"arrivals": {"process": "poisson", "rate": "500/s"},
                 "attributes": {"user": {"zipf": {"count": 300, "exponent": 1.1}}}}]})";
  const std::string log = testing::TempDir() + "weir-lanes-" + std::to_string(getpid()) + ".csv";
  // A decision log needs all shards in one lane, decided request by request.
  expect_equal(outcome_of(text, {.threads = 2}), outcome_of(text, {.decisions_path = log}));
  std::remove(log.c_str());
}

TEST(Simulate, PoliciesMeetTheSameOperations) {
  const metrics::Outcome all = outcome_of(busy_scenario);
  for (const metrics::PolicyOutcome& p : all.policies) {
    EXPECT_EQ(p.accumulator.totals.attempts, all.policies[0].accumulator.totals.attempts);
    EXPECT_EQ(p.accumulator.costs.at("tokens").offered,
              all.policies[0].accumulator.costs.at("tokens").offered);
  }
  // And one of them alone meets them too.
  const metrics::Outcome alone = outcome_of(busy_scenario, {.policy = "two"});
  ASSERT_EQ(alone.policies.size(), 1U);
  EXPECT_TRUE(alone.policies[0].accumulator == all.policies[1].accumulator);
}

TEST(Simulate, CountsAddUp) {
  for (const metrics::PolicyOutcome& p : outcome_of(busy_scenario).policies) {
    const metrics::Accumulator& a = p.accumulator;
    EXPECT_EQ(a.totals.attempts, a.totals.allowed + a.totals.denied);
    EXPECT_EQ(a.operations.count, a.operations.succeeded + a.operations.abandoned);
    metrics::Counts classes, tiers, series;
    for (const metrics::ClassTotals& c : a.classes) classes += c.counts;
    for (const auto& [value, c] : a.by_attribute.at("tier")) tiers += c;
    for (const metrics::SeriesPoint& s : a.series) {
      series += {.attempts = s.attempts, .allowed = s.allowed, .denied = s.denied, .errors = 0};
    }
    EXPECT_EQ(classes, a.totals);
    EXPECT_EQ(tiers, a.totals);
    EXPECT_EQ(series, a.totals);
    EXPECT_EQ(a.latency_allowed.count(), a.totals.allowed);
    const metrics::CostTotals& tokens = a.costs.at("tokens");
    EXPECT_EQ(tokens.offered, tokens.allowed + tokens.denied);
  }
}

std::string at_once(int requests, const std::string& limits) {
  return R"({"name": "s", "duration": "1s", "policy": {"limits": [)" + limits +
         R"(]}, "traffic": [{"arrivals": {"process": "batch", "size": )" +
         std::to_string(requests) +
         R"(, "every": "1m"}, "attributes": {"user": "u", "tier": "free"}}]})";
}

TEST(Simulate, ChargesAllLimitsOrNone) {
  // The second limit stops everything after the third request; the first must not be charged for
  // what it did not let through.
  const metrics::Outcome outcome = outcome_of(at_once(
      10,
      R"({"name": "wide", "algorithm": "token-bucket", "capacity": 5, "rate": "0/s", "key": ["user"]},
             {"name": "narrow", "algorithm": "token-bucket", "capacity": 3, "rate": "0/s", "key": ["user"]})"));
  const metrics::Accumulator& a = only(outcome);
  EXPECT_EQ(a.totals.allowed, 3U);
  EXPECT_EQ(a.limits[0].denied, 0U);
  EXPECT_EQ(a.limits[1].denied, 7U);
  EXPECT_EQ(a.denied_keys, 1U);
  ASSERT_EQ(a.top_denied.size(), 1U);
  EXPECT_EQ(a.top_denied[0].key, "u");
  EXPECT_EQ(a.top_denied[0].limit, 1U);
  EXPECT_EQ(a.top_denied[0].denied, 7U);
}

TEST(Simulate, ALimitThatCountsDenialsCountsThoseOfOthers) {
  // The narrow limit denies 7 of 10; the counter has then seen all 10 and denies from the 9th on.
  const metrics::Outcome outcome = outcome_of(
      at_once(10, R"({"name": "counter", "algorithm": "fixed-window", "limit": 8, "window": "1m",
              "count_denied": true, "key": ["user"]},
             {"name": "narrow", "algorithm": "token-bucket", "capacity": 3, "rate": "0/s", "key": ["user"]})"));
  EXPECT_EQ(only(outcome).limits[0].denied, 2U);
  EXPECT_EQ(only(outcome).limits[1].denied, 7U);
}

TEST(Simulate, ALimitThatIsNotEnforcedOnlyCounts) {
  const metrics::Outcome outcome = outcome_of(at_once(
      10,
      R"({"algorithm": "token-bucket", "capacity": 4, "rate": "0/s", "key": ["user"], "enforce": false})"));
  EXPECT_EQ(only(outcome).totals.denied, 0U);
  EXPECT_EQ(only(outcome).limits[0].denied, 6U);
  EXPECT_TRUE(only(outcome).top_denied.empty());
}

TEST(Simulate, AppliesALimitOnlyWhereItsConditionHolds) {
  const metrics::Outcome outcome = outcome_of(
      at_once(10, R"({"algorithm": "deny-all", "when": {"tier": ["pro", "gold"]}, "key": ["user"]},
             {"algorithm": "token-bucket", "capacity": 4, "rate": "0/s", "key": ["user"],
              "when": {"tier": "free"}})"));
  EXPECT_EQ(only(outcome).totals.allowed, 4U);
  EXPECT_EQ(only(outcome).limits[0].keys, 0U);
}

TEST(Simulate, TablesPickTheLimitByAnAttribute) {
  const std::string text = R"({"name": "s", "duration": "1s", "policy": {"limits": [
      {"algorithm": "fixed-window", "limit": {"by": "tier", "free": 2, "pro": 7, "default": 1},
       "window": "1m", "key": ["tier"]}]},
    "traffic": [{"name": "f", "arrivals": {"process": "batch", "size": 10, "every": "1m"}, "attributes": {"tier": "free"}},
                {"name": "p", "arrivals": {"process": "batch", "size": 10, "every": "1m"}, "attributes": {"tier": "pro"}},
                {"name": "o", "arrivals": {"process": "batch", "size": 10, "every": "1m"}, "attributes": {"tier": "other"}}]})";
  const metrics::Outcome outcome = outcome_of(text);
  EXPECT_EQ(only(outcome).classes[0].counts.allowed, 2U);
  EXPECT_EQ(only(outcome).classes[1].counts.allowed, 7U);
  EXPECT_EQ(only(outcome).classes[2].counts.allowed, 1U);
}

// Denied requests of one row must not touch what another row's requests are counted by.
TEST(Simulate, RowsOfATableHaveStatesOfTheirOwn) {
  const std::string text = R"({"name": "s", "duration": "1m", "policy": {"limits": [
      {"algorithm": "gcra", "rate": {"by": "path", "/a": "1/10s", "/b": "7/13s"}, "burst": 1,
       "key": ["ip"]}]},
    "traffic": [
      {"name": "a", "arrivals": {"process": "constant", "rate": "1/s"}, "attributes": {"ip": "x", "path": "/a"}},
      {"name": "b", "arrivals": {"process": "constant", "rate": "1/s"}, "attributes": {"ip": "x", "path": "/b"}}]})";
  const metrics::Outcome outcome = outcome_of(text);
  EXPECT_EQ(only(outcome).classes[0].counts.allowed, 6U);
  // One every 13/7 s, asked for at whole seconds: every other second.
  EXPECT_EQ(only(outcome).classes[1].counts.allowed, 30U);
  ASSERT_EQ(only(outcome).top_denied.size(), 2U);
  EXPECT_EQ(only(outcome).top_denied[0].key, "x");
}

TEST(Simulate, AConditionKeepsValuesAwayFromATable) {
  const metrics::Outcome outcome = outcome_of(at_once(
      10,
      R"({"algorithm": "gcra", "rate": {"by": "tier", "pro": "1/s"}, "burst": 1, "key": ["user"],
              "when": {"tier": "pro"}})"));
  EXPECT_EQ(only(outcome).totals.denied, 0U);
}

TEST(Simulate, ALimitThatIsNotEnforcedHoldsNothingBack) {
  const metrics::Outcome outcome = outcome_of(at_once(
      3,
      R"({"algorithm": "leaky-bucket-queue", "capacity": 9, "rate": "1/s", "key": [], "enforce": false})"));
  EXPECT_EQ(only(outcome).delay.max(), 0);
}

TEST(Simulate, SumsOfCostsEndAtTheLargestNumber) {
  const std::string text = R"({"name": "s", "duration": "1s", "policy": {"limits": [
      {"algorithm": "gcra", "rate": "1/s", "burst": 1, "key": ["user"]}]},
    "traffic": [{"arrivals": {"process": "poisson", "rate": "5000/s"},
                 "attributes": {"user": {"uniform": {"count": 100}}},
                 "costs": {"tokens": 9007199254740992}}]})";
  const metrics::CostTotals once = only(outcome_of(text, {.threads = 1})).costs.at("tokens");
  EXPECT_EQ(once.offered, INT64_MAX);
  EXPECT_EQ(once, only(outcome_of(text, {.threads = 3})).costs.at("tokens"));
}

// What is logged is what happened without a log, whatever else the log makes be generated.
TEST(Simulate, ADecisionLogChangesNothing) {
  const char* const text = R"({"name": "s", "duration": "10s",
    "policy": {"limits": [{"algorithm": "gcra", "rate": "2/s", "burst": 5, "key": ["b", "c"]}]},
    "traffic": [{"name": "derived", "arrivals": {"process": "poisson", "rate": "300/s"},
                 "attributes": {"a": {"uniform": {"count": 1000}, "of": "c"},
                                "b": {"uniform": {"count": 40}}, "c": {"uniform": {"count": 40}}}},
                {"name": "sequence", "arrivals": {"process": "poisson", "rate": "300/s"},
                 "attributes": {"s": {"sequence": {"count": 1000}}, "b": "x", "c": "y"}}]})";
  const std::string log = testing::TempDir() + "weir-same-" + std::to_string(getpid()) + ".csv";
  expect_equal(outcome_of(text), outcome_of(text, {.decisions_path = log}));
  std::remove(log.c_str());
}

std::string refusal_of(const std::string& text) {
  const auto simulation = Simulation::prepare(scenario_of(text), {});
  return simulation ? "" : simulation.error().problems.at(0).pointer;
}

TEST(Simulate, ARunInWhichNothingCanHappenIsRefused) {
  const std::string policy = R"("policy": {"limits": []}, )";
  EXPECT_EQ(
      refusal_of(
          R"({"name": "s", "duration": "1m", )" + policy +
          R"("traffic": [{"arrivals": {"process": "poisson", "rate": "1/s"}, "from": "2m"}]})"),
      "/traffic/0/from");
  EXPECT_EQ(
      refusal_of(
          R"({"name": "s", "warmup": "10m", )" + policy +
          R"("traffic": [{"arrivals": {"process": "poisson", "rate": "1/s"}, "until": "1m"}]})"),
      "/duration");
}

TEST(Simulate, WarmupRunsTheStateAndCountsNothing) {
  const std::string text = R"({"name": "s", "duration": "5s", "warmup": "5s", "policy": {"limits": [
      {"algorithm": "fixed-window", "limit": 8, "window": "10s", "key": []}]},
    "traffic": [{"arrivals": {"process": "constant", "rate": "1/s"}}]})";
  const metrics::Outcome outcome = outcome_of(text);
  // Requests at 0..4 s warm up; of those at 5..9 s three are left in the window.
  EXPECT_EQ(only(outcome).totals.attempts, 5U);
  EXPECT_EQ(only(outcome).totals.allowed, 3U);
}

TEST(Simulate, AQueueDelays) {
  const metrics::Outcome outcome = outcome_of(at_once(
      10, R"({"algorithm": "leaky-bucket-queue", "capacity": 4, "rate": "10/s", "key": []})"));
  EXPECT_EQ(only(outcome).totals.allowed, 5U);
  EXPECT_EQ(only(outcome).delay.max(), 400'000'000);
  EXPECT_EQ(only(outcome).delay.mean(), 200'000'000);
}

TEST(Simulate, AnInterruptedRunReportsWhatItDid) {
  const auto simulation = Simulation::prepare(scenario_of(busy_scenario), {.threads = 1});
  ASSERT_TRUE(simulation.has_value());
  RunControl control;
  control.stop = true;
  const auto outcome = simulation->run(control);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(outcome->interrupted);
  EXPECT_LT(outcome->done_parts_per_million, 1'000'000U);
}

TEST(Simulate, TenMillionKeys) {
  const std::string text = R"({"name": "s", "duration": "1s", "policy": {"limits": [
      {"algorithm": "gcra", "rate": "1/s", "burst": 1, "key": ["user"]}]},
    "traffic": [{"arrivals": {"process": "poisson", "rate": "100000/s"},
                 "attributes": {"user": {"uniform": {"count": 10000000}}}}]})";
  const metrics::Outcome outcome = outcome_of(text);
  EXPECT_GT(only(outcome).limits[0].keys, 98'000U);
  EXPECT_EQ(only(outcome).limits[0].state_bytes, only(outcome).limits[0].keys * 8);
}

TEST(Simulate, WhatDoesNotFitTheTrafficIsNamed) {
  const std::string text = R"({"name": "s", "duration": "1s", "policy": {"limits": [
      {"algorithm": "gcra", "rate": "1/s", "burst": 1, "key": ["user"]}]},
    "traffic": [{"trace": {"path": "/nonexistent.csv", "format": "csv"}}]})";
  const auto simulation = Simulation::prepare(scenario_of(text), {});
  ASSERT_FALSE(simulation.has_value());
  EXPECT_EQ(simulation.error().kind, ErrorKind::cannot_run);
  EXPECT_EQ(simulation.error().problems[0].pointer, "/traffic/0/trace/path");
}

TEST(Simulate, AKeyThatTheTraceLacksIsNamed) {
  const std::string path = testing::TempDir() + "weir-key-" + std::to_string(getpid()) + ".csv";
  std::ofstream(path) << "time,user\n1,a\n";
  const auto simulation = Simulation::prepare(scenario_of(R"({"name": "s", "policy": {"limits": [
        {"algorithm": "gcra", "rate": "1/s", "burst": 1, "key": ["usr"]}]},
        "traffic": [{"trace": {"path": ")" + path + R"(", "format": "csv"}}]})"),
                                              {});
  ASSERT_FALSE(simulation.has_value());
  EXPECT_EQ(simulation.error().kind, ErrorKind::invalid_scenario);
  EXPECT_EQ(simulation.error().problems.at(0),
            (Problem{"/policy/limits/0/key",
                     "no traffic has the attribute \"usr\"; did you mean \"user\"?"}));
  std::remove(path.c_str());
}

std::string read_all(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

TEST(DecisionLog, TellsEveryDecision) {
  const std::string path = testing::TempDir() + "weir-log-" + std::to_string(getpid()) + ".csv";
  outcome_of(
      R"({"name": "s", "start": "2026-01-01T00:00:00Z", "duration": "3s", "policy": {"limits": [
      {"name": "bucket", "algorithm": "token-bucket", "capacity": 1, "rate": "1/2s", "key": ["user"]}]},
    "traffic": [{"name": "c", "arrivals": {"process": "constant", "rate": "1/s"},
                 "attributes": {"user": "a,b"}, "costs": {"tokens": 7}}]})",
      {.decisions_path = path});
  EXPECT_EQ(
      read_all(path),
      "time_ns,policy,operation,class,attempt,allowed,denied_by,limit,remaining,retry_after_ns,"
      "advertised_retry_after_ns,reset_after_ns,delay_ns,user,cost.tokens\n"
      "1767225600000000000,,0,c,1,1,,1,0,-1,-1,2000000000,0,\"a,b\",7\n"
      "1767225601000000000,,1,c,1,0,bucket,1,0,1000000000,1000000000,1000000000,-1,\"a,b\",7\n"
      "1767225602000000000,,2,c,1,1,,1,0,-1,-1,2000000000,0,\"a,b\",7\n");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace weir::sim
