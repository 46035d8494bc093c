#include "report/sample.hpp"

#include <fmt/format.h>

namespace weir::report {

using metrics::Accumulator;
using metrics::Outcome;
using scenario::Comparison;
using scenario::Scenario;
using scenario::Threshold;

namespace {

policy::LimitSpec limit(const std::string& name, const std::string& algorithm,
                        std::vector<std::string> key) {
  policy::LimitSpec spec;
  spec.name = name;
  spec.algorithm = algorithm;
  spec.key = std::move(key);
  return spec;
}

traffic::ClassSpec traffic_class(const std::string& name) {
  traffic::ClassSpec spec;
  spec.name = name;
  spec.arrivals = traffic::PoissonArrivals{Rate{100, Duration::from_seconds(1)}};
  spec.attributes = {{"tier", traffic::WeightedValues{{{"pro", 1.0}, {"free", 9.0}}}, "user"},
                     {"user", traffic::ZipfValues{1000, 1.1}, ""}};
  traffic::CostSpec tokens;
  tokens.name = "tokens";
  spec.costs = {tokens};
  return spec;
}

}  // namespace

Scenario sample_scenario() {
  Scenario scenario;
  scenario.name = "llm-gateway";
  scenario.seed = 42;
  scenario.duration = Duration::from_seconds(10);
  policy::PolicySpec policy;
  policy.limits = {limit("requests", "sliding-window-log", {"user"}),
                   limit("tokens", "token-bucket", {"user"})};
  policy.limits[1].enforce = false;
  scenario.policies = {policy};
  scenario.traffic = {traffic_class("steady"), traffic_class("bursty")};
  return scenario;
}

/// Of a class whose operations are one attempt each.
metrics::ClassTotals class_totals(const metrics::Counts& counts) {
  metrics::ClassTotals totals;
  totals.counts = counts;
  totals.operations = {.count = counts.attempts,
                       .succeeded = counts.allowed,
                       .abandoned = counts.denied,
                       .attempts = counts.attempts};
  totals.latency_operation.record_n(0, counts.allowed);
  return totals;
}

Accumulator sample_accumulator() {
  Accumulator a;
  a.totals = {1000, 800, 200, 0};
  a.operations = {.count = 1000, .succeeded = 800, .abandoned = 200, .attempts = 1000};
  a.costs["tokens"] = {50'000, 40'000, 10'000};
  a.limits = {{800, 200, 3, 72}, {990, 10, 3, 24}};
  a.classes = {class_totals({600, 600, 0, 0}), class_totals({400, 200, 200, 0})};
  a.by_attribute["tier"]["free"] = {1000, 800, 200, 0};
  a.denied_keys = 2;
  a.top_denied = {{"user-0", 0, 150, 2'500'000'000}, {"user-7", 0, 50, 40'000'000}};
  a.latency_allowed.record_n(0, 700);
  a.latency_allowed.record_n(20'000'000, 100);
  a.latency_denied.record_n(0, 200);
  a.latency_operation.record_n(0, 900);
  a.retry_after.present = 190;
  a.retry_after.absent = 10;
  a.retry_after.honest = 150;
  a.retry_after.too_short = 30;
  a.retry_after.too_long = 10;
  a.retry_after.late.record_n(400'000'000, 150);
  a.retry_after.late.record_n(5'000'000'000, 10);
  a.retry_after.early.record_n(200'000'000, 30);
  a.fairness = {.keys = 2, .shares = 1'500'000, .squares = Uint128{1'250'000'000'000}};
  a.delay.record_n(0, 700);
  a.delay.record_n(20'000'000, 100);
  for (const std::uint64_t denied : {0u, 40u, 120u, 40u}) {
    metrics::SeriesPoint point;
    point.attempts = 250;
    point.allowed = point.succeeded = 250 - denied;
    point.denied = denied;
    point.latency.record_n(1'000'000, point.allowed);
    a.series.push_back(point);
  }
  return a;
}

Outcome sample_outcome() {
  Outcome outcome;
  outcome.mode = "simulate";
  outcome.start = Instant::from_unix_seconds(1'767'225'600);
  outcome.duration = Duration::from_seconds(10);
  outcome.series_interval = Duration::from_ms(2500);
  outcome.scenario_sha256 = std::string(64, 'a');
  outcome.policies = {{"", sample_accumulator()}};
  return outcome;
}

Scenario sample_comparison_scenario() {
  Scenario scenario = sample_scenario();
  policy::PolicySpec policy = scenario.policies[0];
  scenario.policies.clear();
  for (const char* name : {"strict", "lenient", "never-met"}) {
    policy.name = name;
    scenario.policies.push_back(policy);
  }
  return scenario;
}

Outcome sample_comparison_outcome() {
  Outcome outcome = sample_outcome();
  Accumulator lenient;
  lenient.totals = {1000, 1000, 0, 0};
  lenient.limits = {{1000, 0, 3, 24}, {1000, 0, 3, 24}};
  metrics::SeriesPoint all_allowed;
  all_allowed.attempts = all_allowed.allowed = all_allowed.succeeded = 250;
  lenient.series.assign(4, all_allowed);
  outcome.policies = {{"strict", sample_accumulator()}, {"lenient", lenient}, {"never-met", {}}};
  return outcome;
}

Scenario sample_loop_scenario() {
  Scenario scenario = sample_scenario();
  scenario.backend.emplace();
  scenario.backend->latency = traffic::ConstantNumber{4e8};
  scenario.backend->slots = 4;
  std::vector<policy::LimitSpec>& limits = scenario.policies[0].limits;
  limits[0].reference = policy::WindowReference{100, std::nullopt, 1.0};
  limits[1].charge.when = policy::ChargeSpec::When::reserve;
  limits[1].charge.reserve = "max_tokens";
  return scenario;
}

Outcome sample_loop_outcome() {
  Outcome outcome = sample_outcome();
  Accumulator& a = outcome.policies[0].accumulator;
  a.operations = {.count = 500,
                  .succeeded = 400,
                  .abandoned = 80,
                  .unfinished = 20,
                  .throttled = 10,
                  .attempts = 1000,
                  .retries = 500};
  a.latency_operation = {};
  a.latency_operation.record_n(2'000'000'000, 400);
  a.series[1].retries = 300;
  a.series[2].retries = 200;
  a.retry_after.client_obeyed = 450;
  a.retry_after.client_early = 50;
  a.limits[0].compared = 1000;
  a.limits[0].false_allows = 20;
  a.limits[0].false_denials = 7;
  a.limits[0].peak_in_window = 190;
  a.limits[1].overshoot = 70;
  a.limits[1].reserved_unused = 900;
  a.limits[1].settled = 5000;
  a.backend.served = 400;
  a.backend.refused = 3;
  a.backend.left = 5;
  a.backend.wait.record_n(100'000'000, 408);
  a.backend.busy_ns = 30'000'000'000;
  a.backend.present_ns = 50'000'000'000;
  a.backend.peak_running = 4;
  a.backend.peak_waiting = 17;
  return outcome;
}

Threshold threshold(const std::string& path, Comparison comparison, double value) {
  constexpr const char* signs[] = {"<", "<=", ">", ">=", "==", "!="};
  return {fmt::format("{} {} {}", path, signs[static_cast<int>(comparison)], value), path,
          comparison, value};
}

}  // namespace weir::report
