#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "report/accumulator_json.hpp"
#include "sim/by_hand_for_test.hpp"
#include "sim/outcome_for_test.hpp"
#include "sim/random_scenario_for_test.hpp"

namespace weir::sim {
namespace {

using metrics::Accumulator;
using metrics::Counts;
using metrics::Operations;

constexpr std::uint64_t scenarios = 300;

/// What differs, by the names of the fields.
std::string difference(const Accumulator& a, const Accumulator& b) {
  const auto difference = nlohmann::json::diff(nlohmann::json(report::accumulator_to_json(a)),
                                               nlohmann::json(report::accumulator_to_json(b)));
  return difference.dump(1).substr(0, 2'000);
}

void expect_same(const metrics::Outcome& once, const metrics::Outcome& again,
                 const std::string& how) {
  EXPECT_TRUE(only(once) == only(again)) << how << ": " << difference(only(once), only(again));
}

// ---- Books that have to balance

bool is_whole(const scenario::Scenario& s) { return s.warmup == Duration(); }

void expect_balance(const Counts& counts) {
  EXPECT_EQ(counts.attempts, counts.allowed + counts.denied + counts.errors);
}

void expect_balance(const Operations& operations) {
  EXPECT_EQ(operations.count, operations.succeeded + operations.abandoned + operations.unfinished);
  EXPECT_LE(operations.throttled, operations.abandoned);
  // Those that their clients refused, or that still wait for their client, were never tried.
  EXPECT_LE(operations.attempts - operations.retries, operations.count - operations.throttled);
}

bool is_always_tried(const scenario::Scenario& s) {
  for (const traffic::ClassSpec& c : s.traffic) {
    if (c.on_denied.scope == traffic::RetryScope::client) return false;
  }
  return true;
}

void expect_operations_balance(const scenario::Scenario& s, const Accumulator& a) {
  expect_balance(a.totals);
  expect_balance(a.operations);
  if (is_always_tried(s)) {
    EXPECT_EQ(a.operations.attempts - a.operations.retries,
              a.operations.count - a.operations.throttled);
  }
  if (is_whole(s)) {
    EXPECT_EQ(a.operations.attempts, a.totals.attempts);
  }
}

void expect_sums_balance(const Accumulator& a) {
  Counts classes;
  Operations operations;
  metrics::Histogram latency;
  for (const metrics::ClassTotals& c : a.classes) {
    expect_balance(c.counts);
    expect_balance(c.operations);
    EXPECT_EQ(c.latency_operation.count(), c.operations.succeeded);
    classes += c.counts;
    operations += c.operations;
    latency.merge(c.latency_operation);
  }
  EXPECT_EQ(classes, a.totals);
  EXPECT_EQ(operations, a.operations);
  EXPECT_TRUE(latency == a.latency_operation);
  for (const auto& [attribute, values] : a.by_attribute) {
    Counts sum;
    for (const auto& [value, counts] : values) sum += counts;
    EXPECT_EQ(sum, a.totals) << attribute;
  }
  for (const auto& [name, cost] : a.costs) {
    // What the back end refused was neither.
    EXPECT_GE(cost.offered, cost.allowed + cost.denied);
    if (a.totals.errors > 0) continue;
    EXPECT_EQ(cost.offered, cost.allowed + cost.denied);
  }
}

void expect_series_balances(const scenario::Scenario& s, const Accumulator& a) {
  metrics::SeriesPoint sum;
  for (const metrics::SeriesPoint& point : a.series) {
    sum.attempts += point.attempts;
    sum.allowed += point.allowed;
    sum.denied += point.denied;
    sum.retries += point.retries;
    sum.succeeded += point.succeeded;
    sum.latency.merge(point.latency);
  }
  EXPECT_EQ(sum.attempts, a.totals.attempts);
  EXPECT_EQ(sum.allowed, a.totals.allowed);
  EXPECT_EQ(sum.denied, a.totals.denied);
  if (is_whole(s)) {
    EXPECT_EQ(sum.retries, a.operations.retries);
  }
  EXPECT_LE(sum.succeeded, a.operations.succeeded);
  EXPECT_TRUE(sum.latency == a.latency_allowed);
}

void expect_limits_balance(const scenario::Scenario& s, const Accumulator& a) {
  for (std::size_t i = 0; i < a.limits.size(); ++i) {
    const metrics::LimitTotals& limit = a.limits[i];
    const policy::LimitSpec& spec = s.policies[0].limits[i];
    EXPECT_LE(limit.allowed + limit.denied, a.totals.attempts);
    if (spec.when.empty()) {
      EXPECT_EQ(limit.allowed + limit.denied, a.totals.attempts);
    }
    if (spec.enforce) {
      EXPECT_LE(limit.denied, a.totals.denied);
    }
    EXPECT_LE(limit.compared, limit.allowed + limit.denied);
    EXPECT_LE(limit.false_allows, limit.allowed);
    EXPECT_LE(limit.false_denials, limit.denied);
  }
}

void expect_promises_balance(const scenario::Scenario& s, const Accumulator& a) {
  const metrics::RetryAfterTotals& told = a.retry_after;
  EXPECT_EQ(told.present + told.absent, a.totals.denied);
  EXPECT_EQ(told.present, told.honest + told.too_short + told.too_long + told.never);
  EXPECT_EQ(told.early.count(), told.too_short);
  EXPECT_EQ(told.late.count(), told.honest + told.too_long);
  if (is_whole(s)) {
    EXPECT_LE(told.client_obeyed + told.client_early, a.operations.retries);
  }
}

void expect_latencies_balance(const scenario::Scenario& s, const Accumulator& a) {
  EXPECT_EQ(a.latency_denied.count(), a.totals.denied);
  EXPECT_EQ(a.latency_operation.count(), a.operations.succeeded);
  EXPECT_EQ(a.latency_allowed.count(), a.delay.count());
  EXPECT_LE(a.latency_allowed.count(), a.totals.allowed);
  if (is_whole(s)) {
    EXPECT_EQ(a.latency_allowed.count(), a.operations.succeeded);
  }
}

void expect_backend_balances(const scenario::Scenario& s, const Accumulator& a) {
  const metrics::BackendTotals& backend = a.backend;
  EXPECT_EQ(backend.refused, a.totals.errors);
  EXPECT_TRUE(backend.busy_ns <= backend.present_ns);
  if (!s.backend) return;
  EXPECT_EQ(backend.served, a.latency_allowed.count());
  EXPECT_EQ(backend.served + backend.left, a.totals.allowed);
  if (is_whole(s)) {
    EXPECT_GE(backend.wait.count(), backend.served);
    EXPECT_LE(backend.wait.count(), backend.served + backend.left);
  }
  const auto slots = static_cast<std::uint64_t>(s.backend->slots.value_or(0));
  EXPECT_LE(backend.peak_running, slots);
  if (!s.backend->slots) {
    EXPECT_EQ(backend.peak_waiting, 0U);
  }
  if (s.backend->queue) {
    EXPECT_LE(backend.peak_waiting, static_cast<std::uint64_t>(*s.backend->queue));
  }
}

void expect_fairness_balances(const Accumulator& a) {
  constexpr Uint128 million = 1'000'000;
  EXPECT_TRUE(a.fairness.shares <= a.fairness.keys * million);
  EXPECT_TRUE(a.fairness.squares <= a.fairness.shares * million);
  EXPECT_LE(a.fairness.keys, a.operations.count);
}

TEST(Conservation, TheBooksOfRandomScenariosBalance) {
  for (std::uint64_t number = 0; number < scenarios; ++number) {
    const std::string text = RandomScenario(number).text();
    SCOPED_TRACE(number);
    const scenario::Scenario s = scenario_of(text);
    const metrics::Outcome outcome = outcome_of(s, {.threads = 1});
    const Accumulator& a = only(outcome);
    expect_operations_balance(s, a);
    expect_sums_balance(a);
    expect_series_balances(s, a);
    expect_limits_balance(s, a);
    expect_promises_balance(s, a);
    expect_latencies_balance(s, a);
    expect_backend_balances(s, a);
    expect_fairness_balances(a);
    if (HasFailure()) FAIL() << text;
  }
}

TEST(Conservation, ThreadsBlocksAndALogChangeNothing) {
  const OwnFile log;
  for (std::uint64_t number = 0; number < scenarios; ++number) {
    const std::string text = RandomScenario(number).text();
    SCOPED_TRACE(number);
    const scenario::Scenario s = scenario_of(text);
    const metrics::Outcome once = outcome_of(s, {.threads = 1});
    expect_same(once, outcome_of(s, {.threads = 3}), "3 threads");
    expect_same(once, outcome_of(s, {.threads = 1, .block_rows = 1}), "1 row");
    expect_same(once, outcome_of(s, {.threads = 2, .block_rows = 7}), "7 rows");
    expect_same(once, outcome_of(s, {.decisions_path = log.path()}), "log");
    if (HasFailure()) FAIL() << text;
  }
}

TEST(Conservation, APolicyDoesNotDependOnThoseBesideIt) {
  for (std::uint64_t number = 0; number < scenarios / 2; ++number) {
    const std::string text = RandomScenario(number).text(true);
    SCOPED_TRACE(number);
    const scenario::Scenario s = scenario_of(text);
    const metrics::Outcome both = outcome_of(s, {.threads = 1});
    ASSERT_EQ(both.policies.size(), 2U);
    for (const metrics::PolicyOutcome& policy : both.policies) {
      const metrics::Outcome alone = outcome_of(s, {.threads = 1, .policy = policy.name});
      EXPECT_TRUE(only(alone) == policy.accumulator)
          << policy.name << ": " << difference(policy.accumulator, only(alone));
    }
    if (HasFailure()) FAIL() << text;
  }
}

// What is on its way when a run is stopped is unfinished.
TEST(Conservation, TheBooksOfStoppedRunsBalance) {
  for (std::uint64_t number = 0; number < scenarios; ++number) {
    SCOPED_TRACE(number);
    const scenario::Scenario s = scenario_of(RandomScenario(number).text());
    const auto simulation = Simulation::prepare(s, {.threads = 1, .block_rows = 50});
    ASSERT_TRUE(simulation.has_value());
    RunControl control;
    std::jthread stopping([&] { control.stop = true; });
    const auto outcome = simulation->run(control);
    ASSERT_TRUE(outcome.has_value());
    if (outcome->policies[0].accumulator.classes.empty()) continue;
    expect_operations_balance(s, only(*outcome));
    expect_sums_balance(only(*outcome));
    expect_series_balances(s, only(*outcome));
  }
}

// What needs all slots of its key finds them free once everything else has ended.
TEST(Conservation, NothingIsHeldForEver) {
  for (std::uint64_t number = 0; number < scenarios; ++number) {
    SCOPED_TRACE(number);
    const std::string text = RandomScenario(number).held_text(true);
    const metrics::Outcome outcome = outcome_of(text, {.threads = 1});
    const metrics::Outcome without =
        outcome_of(RandomScenario(number).held_text(false), {.threads = 1});
    const metrics::ClassTotals& probes = only(outcome).classes.back();
    EXPECT_EQ(probes.counts.attempts, 192U);
    EXPECT_EQ(probes.operations.succeeded, 192U);
    EXPECT_EQ(only(outcome).operations.unfinished, 0U);
    for (std::size_t i = 0; i < only(outcome).limits.size(); ++i) {
      EXPECT_EQ(only(outcome).limits[i].denied, only(without).limits[i].denied);
    }
    if (HasFailure()) FAIL() << text;
  }
}

}  // namespace
}  // namespace weir::sim
