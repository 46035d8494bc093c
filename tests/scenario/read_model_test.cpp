#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "scenario/model.hpp"
#include "scenario/scenario_for_test.hpp"
#include "support/paths.hpp"

namespace weir::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

const std::string data_directory = std::string(WEIR_SOURCE_DIR) + "/tests/scenario/data";

/// The scenario that uses every feature, read once.
const Scenario& every_feature() {
  static const Scenario scenario = [] {
    std::stringstream text;
    text << std::ifstream(data_directory + "/every_feature.jsonc").rdbuf();
    LoadOptions options;
    options.base_directory = data_directory;
    const auto read = parse_scenario(text.str(), options);
    if (read) return *read;
    for (const Problem& problem : read.error()) {
      ADD_FAILURE() << problem.pointer << ": " << problem.message;
    }
    return Scenario();
  }();
  return scenario;
}

const traffic::ClassSpec& class_at(std::size_t index) { return every_feature().traffic.at(index); }

template <class T, class Variant>
T as(const Variant& value) {
  EXPECT_TRUE(std::holds_alternative<T>(value)) << "alternative " << value.index();
  return std::holds_alternative<T>(value) ? std::get<T>(value) : T{};
}

TEST(ReadScenario, ReadsItsOwnFields) {
  const Scenario& scenario = every_feature();
  EXPECT_EQ(scenario.name, "every-feature");
  EXPECT_EQ(scenario.description, "Every field and form once");
  EXPECT_EQ(scenario.seed, std::uint64_t{1} << 53);
  EXPECT_EQ(scenario.start, Instant::from_unix_ns(1'767'225'600'250'000'000));
  EXPECT_EQ(scenario.duration, Duration::from_seconds(5'400));
  EXPECT_EQ(scenario.warmup, Duration::from_seconds(90));
  EXPECT_EQ(scenario.series_interval, Duration::from_seconds(60));
  EXPECT_TRUE(scenario.has_named_policies());
}

TEST(ReadScenario, ReadsPoliciesInOrder) {
  const auto& policies = every_feature().policies;
  ASSERT_EQ(policies.size(), 3U);
  EXPECT_EQ(policies[0].name, "strict");
  EXPECT_EQ(policies[0].limits.size(), 3U);
  EXPECT_EQ(policies[0].response.denied_status, 503);
  EXPECT_EQ(policies[0].response.headers, "x-ratelimit");
  EXPECT_EQ(policies[0].response.retry_after, "http-date");
  EXPECT_EQ(policies[1].name, "late");
  EXPECT_EQ(policies[2].name, "open");
  EXPECT_THAT(policies[2].limits, IsEmpty());
  EXPECT_EQ(policies[2].response.denied_status, std::nullopt);
}

TEST(ReadScenario, ReadsALimitWithTables) {
  const policy::LimitSpec& limit = every_feature().policies.at(0).limits.at(0);
  EXPECT_EQ(limit.name, "requests");
  EXPECT_EQ(limit.algorithm, "sliding-window-log");
  EXPECT_THAT(limit.key, ElementsAre("user", "model"));
  EXPECT_TRUE(limit.enforce);
  EXPECT_THAT(limit.parameters.values(),
              UnorderedElementsAre(Pair("count_denied", limiter::ParameterValue(true))));
  ASSERT_EQ(limit.tables.size(), 2U);
  const policy::ParameterTable& counts = limit.tables.at("limit");
  EXPECT_EQ(counts.by, "tier");
  EXPECT_THAT(counts.rows, ElementsAre(Pair("free", limiter::ParameterValue(std::int64_t{100})),
                                       Pair("pro", limiter::ParameterValue(std::int64_t{1'000}))));
  EXPECT_EQ(counts.otherwise, std::nullopt);
  const policy::ParameterTable& windows = limit.tables.at("window");
  EXPECT_EQ(windows.by, "model");
  EXPECT_EQ(windows.otherwise, limiter::ParameterValue(Duration::from_seconds(60)));
}

TEST(ReadScenario, ReadsALimitOfEveryParameterType) {
  const policy::LimitSpec& limit = every_feature().policies.at(0).limits.at(1);
  EXPECT_EQ(limit.name, "limit-2");
  EXPECT_EQ(limit.cost, "tokens");
  EXPECT_FALSE(limit.enforce);
  EXPECT_THAT(limit.when, ElementsAre(Pair("model", ElementsAre("large", "small")),
                                      Pair("tier", ElementsAre("free"))));
  EXPECT_EQ(limit.parameters.count("capacity"), 90'000);
  EXPECT_EQ(limit.parameters.count("initial"), 0);
  EXPECT_EQ(limit.parameters.choice("refill"), "interval");
  EXPECT_EQ(limit.tables.at("rate").otherwise,
            limiter::ParameterValue(Rate{90'000, Duration::from_seconds(60)}));
}

TEST(ReadScenario, TheDefaultCostHasNoName) {
  const policy::LimitSpec& limit = every_feature().policies.at(0).limits.at(2);
  EXPECT_EQ(limit.cost, "");
  EXPECT_THAT(limit.key, IsEmpty());
}

TEST(ReadScenario, ReadsWhenALimitCharges) {
  using When = policy::ChargeSpec::When;
  const auto& limits = every_feature().policies.at(1).limits;
  EXPECT_EQ(limits.at(0).charge.when, When::admit);
  EXPECT_EQ(limits.at(1).charge.when, When::answer);
  EXPECT_EQ(limits.at(2).charge.when, When::reserve);
  EXPECT_EQ(limits.at(2).charge.reserve, "bytes");
  EXPECT_FALSE(limits.at(2).charge.refund);
  EXPECT_TRUE(limits.at(3).charge.refund);
}

TEST(ReadScenario, ReadsReferences) {
  const auto& policies = every_feature().policies;
  EXPECT_FALSE(policies.at(0).limits.at(0).reference);
  const auto& given = policies.at(0).limits.at(1).reference;
  ASSERT_TRUE(given);
  EXPECT_EQ(given->limit, 90'000);
  EXPECT_EQ(given->window, Duration::from_seconds(60));
  EXPECT_EQ(given->sample, 0.5);
  const auto& own = policies.at(1).limits.at(3).reference;
  ASSERT_TRUE(own);
  EXPECT_EQ(own->limit, std::nullopt);
  EXPECT_EQ(own->window, std::nullopt);
  EXPECT_EQ(own->sample, 1.0);
}

TEST(ReadScenario, ReadsWhatClientsDoWhenDenied) {
  const traffic::OnDenied& immediate = class_at(1).on_denied;
  EXPECT_TRUE(std::holds_alternative<traffic::RetryImmediately>(immediate.behaviour));
  EXPECT_EQ(immediate.max_attempts, 1'000'000'000);
  EXPECT_EQ(immediate.scope, traffic::RetryScope::client);
  EXPECT_EQ(immediate.client, "user");
  const traffic::OnDenied& fixed = class_at(2).on_denied;
  EXPECT_EQ(as<traffic::RetryFixed>(fixed.behaviour).delay, Duration::from_ms(1'500));
  EXPECT_EQ(fixed.max_attempts, 3);
  EXPECT_EQ(fixed.scope, traffic::RetryScope::operation);
  EXPECT_EQ(fixed.client, "");
  const auto exponential = as<traffic::RetryExponential>(class_at(3).on_denied.behaviour);
  EXPECT_EQ(exponential.base, Duration::from_ms(50));
  EXPECT_EQ(exponential.cap, Duration::from_seconds(10));
  EXPECT_EQ(exponential.jitter, traffic::BackoffJitter::decorrelated);
  const auto told = as<traffic::RetryAfter>(class_at(4).on_denied.behaviour);
  EXPECT_EQ(told.jitter, 0.1);
  EXPECT_EQ(told.cap, Duration::from_seconds(60));
  EXPECT_EQ(told.fallback, Duration::from_seconds(5));
  EXPECT_EQ(class_at(4).on_denied.max_attempts, 7);
  const auto throttle = as<traffic::AdaptiveThrottle>(class_at(6).on_denied.behaviour);
  EXPECT_EQ(throttle.k, 1.5);
  EXPECT_EQ(throttle.window, Duration::from_seconds(60));
}

TEST(ReadScenario, ReadsClients) {
  const traffic::ClassSpec& agents = class_at(6);
  EXPECT_FALSE(agents.arrivals);
  ASSERT_TRUE(agents.clients);
  EXPECT_EQ(agents.clients->count, 64);
  EXPECT_EQ(as<traffic::ExponentialNumber>(agents.clients->think_time).mean, 2e9);
  EXPECT_EQ(agents.on_denied.client, "client");
  EXPECT_EQ(as<traffic::ConstantNumber>(class_at(7).clients->think_time).value, 0.0);
}

TEST(ReadScenario, ReadsWhoLeaves) {
  EXPECT_EQ(class_at(0).abandon.share, 0.05);
  EXPECT_FALSE(class_at(0).abandon.after);
  EXPECT_EQ(class_at(1).abandon.share, 0.0);
  EXPECT_EQ(class_at(6).abandon.share, 0.5);
  const auto after = as<traffic::UniformNumber>(class_at(6).abandon.after.value());
  EXPECT_EQ(after.min, 1e6);
  EXPECT_EQ(after.max, 5e9);
  EXPECT_EQ(as<traffic::ConstantNumber>(class_at(7).abandon.after.value()).value, 1e9);
}

TEST(ReadScenario, ReadsTheBackend) {
  ASSERT_TRUE(every_feature().backend);
  const traffic::BackendSpec& backend = *every_feature().backend;
  EXPECT_FALSE(backend.latency);
  const auto first_token = as<traffic::LognormalNumber>(backend.first_token.value());
  EXPECT_EQ(first_token.median, 4e8);
  EXPECT_EQ(first_token.sigma, 0.5);
  EXPECT_THAT(as<traffic::EmpiricalNumber>(backend.per_token.value()).values,
              ElementsAre(1e7, 2e7, 1e9));
  EXPECT_EQ(backend.tokens, "tokens");
  EXPECT_EQ(backend.slots, 8);
  EXPECT_EQ(backend.queue, 100);
}

TEST(ReadScenario, ReadsRecordedDurationsFromAFile) {
  LoadOptions options;
  options.base_directory = data_directory;
  const auto scenario = read_scenario(
      changed({{"/backend", R"({"latency": {"empirical": {"file": "latencies.txt"}}})"}}), options);
  ASSERT_TRUE(scenario);
  EXPECT_THAT(as<traffic::EmpiricalNumber>(scenario->backend->latency.value()).values,
              ElementsAre(4e8, 9e10));
  const Problems problems =
      problems_after({{"/backend", R"({"latency": {"empirical": {"file": "missing.txt"}}})"}});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].pointer, "/backend/latency/empirical/file");
}

TEST(ReadScenario, ReadsBetweenWhomFairnessIs) {
  EXPECT_THAT(every_feature().fairness_by, ElementsAre("user", "tier"));
  EXPECT_THAT(read_after({}).fairness_by, IsEmpty());
}

TEST(ReadScenario, ReadsAttributes) {
  const auto& attributes = class_at(0).attributes;
  ASSERT_EQ(attributes.size(), 4U);
  EXPECT_EQ(attributes[0].name, "user");
  EXPECT_EQ(as<traffic::ZipfValues>(attributes[0].values).count, 100'000);
  EXPECT_EQ(as<traffic::ZipfValues>(attributes[0].values).exponent, 1.1);
  EXPECT_EQ(attributes[1].of, "user");
  EXPECT_THAT(as<traffic::WeightedValues>(attributes[2].values).weights,
              ElementsAre(Pair("large", 1.0), Pair("small", 4.5), Pair("none", 0.0)));
  EXPECT_EQ(as<traffic::ConstantValue>(attributes[3].values).value, "eu");
  EXPECT_EQ(as<traffic::UniformValues>(class_at(1).attributes.at(0).values).count, 10);
  EXPECT_EQ(as<traffic::SequenceValues>(class_at(2).attributes.at(0).values).count, 10);
}

TEST(ReadScenario, ReadsFilesOfValuesFromTheScenariosFolder) {
  const auto file = as<traffic::FileValues>(class_at(3).attributes.at(0).values);
  EXPECT_EQ(file.path, "users.txt");
  EXPECT_THAT(file.values, ElementsAre("alice", "bob"));
  EXPECT_THAT(as<traffic::EmpiricalNumber>(class_at(0).costs.at(4).amount).values,
              ElementsAre(1.0, 2.5));
}

TEST(ReadScenario, ReadsCosts) {
  const auto& costs = class_at(0).costs;
  ASSERT_EQ(costs.size(), 5U);
  EXPECT_EQ(costs[0].name, "cost");
  EXPECT_EQ(as<traffic::ConstantNumber>(costs[0].amount).value, 2.0);
  EXPECT_EQ(costs[1].by, "model");
  EXPECT_EQ(as<traffic::ConstantNumber>(costs[1].amount).value, 0.0);
  ASSERT_EQ(costs[1].rows.size(), 2U);
  const auto large = as<traffic::LognormalNumber>(costs[1].rows.at("large"));
  EXPECT_EQ(large.median, 800.0);
  EXPECT_EQ(large.sigma, 1.2);
  EXPECT_EQ(as<traffic::ExponentialNumber>(costs[1].rows.at("small")).mean, 50.0);
  EXPECT_EQ(as<traffic::UniformNumber>(costs[2].amount).min, 10.0);
  EXPECT_EQ(as<traffic::UniformNumber>(costs[2].amount).max, 20.5);
  EXPECT_THAT(as<traffic::EmpiricalNumber>(costs[3].amount).values, ElementsAre(1.0, 2.5, 2.5));
}

TEST(ReadScenario, ReadsArrivals) {
  const auto sine =
      as<traffic::SineProfile>(as<traffic::PoissonArrivals>(*class_at(0).arrivals).rate);
  EXPECT_EQ(sine.mean, (Rate{100, Duration::from_seconds(1)}));
  EXPECT_EQ(sine.amplitude, (Rate{50, Duration::from_seconds(1)}));
  EXPECT_EQ(sine.period, Duration::from_seconds(3'600));
  const auto steps =
      as<traffic::StepProfile>(as<traffic::ConstantArrivals>(*class_at(1).arrivals).rate);
  EXPECT_THAT(steps.steps,
              ElementsAre(Pair(Duration(), Rate{100, Duration::from_seconds(1)}),
                          Pair(Duration::from_seconds(30), Rate{0, Duration::from_seconds(1)})));
  const auto gamma = as<traffic::GammaArrivals>(*class_at(2).arrivals);
  EXPECT_EQ(gamma.shape, 0.5);
  EXPECT_EQ(as<traffic::RampProfile>(gamma.rate).to, (Rate{1'000, Duration::from_seconds(1)}));
  EXPECT_EQ(as<traffic::RampProfile>(gamma.rate).over, Duration::from_seconds(60));
  const auto on_off = as<traffic::OnOffArrivals>(*class_at(3).arrivals);
  EXPECT_EQ(as<Rate>(on_off.rate), (Rate{100, Duration::from_seconds(60)}));
  EXPECT_EQ(on_off.on, Duration::from_seconds(5));
  EXPECT_EQ(on_off.off, Duration::from_ms(500));
  const auto batch = as<traffic::BatchArrivals>(*class_at(4).arrivals);
  EXPECT_EQ(batch.size, 50);
  EXPECT_EQ(batch.every, Duration::from_seconds(10));
}

TEST(ReadScenario, ReadsSpansAndNames) {
  EXPECT_EQ(class_at(0).name, "steady");
  EXPECT_EQ(class_at(0).from, Duration::from_seconds(10));
  EXPECT_EQ(class_at(0).until, Duration::from_seconds(3'600));
  EXPECT_EQ(class_at(1).name, "class-2");
  EXPECT_EQ(class_at(1).from, Duration());
  EXPECT_EQ(class_at(1).until, std::nullopt);
}

TEST(ReadScenario, ReadsATraceBesideItsOwnAttributes) {
  const traffic::ClassSpec& recorded = class_at(5);
  EXPECT_FALSE(recorded.arrivals);
  ASSERT_TRUE(recorded.trace);
  EXPECT_EQ(recorded.trace->path, data_directory + "/log.csv");
  EXPECT_EQ(recorded.trace->format, traffic::TraceFormat::csv);
  EXPECT_EQ(recorded.trace->speed, 2.5);
  EXPECT_EQ(recorded.trace->repeat, 3);
  EXPECT_EQ(recorded.trace->spread, Duration::from_seconds(1));
  EXPECT_EQ(recorded.attributes.at(0).of, "user");
}

TEST(ReadScenario, AnAbsolutePathStaysAsItIs) {
  LoadOptions options;
  options.base_directory = "somewhere";
  const auto scenario =
      read_scenario(changed({{"/traffic/0", R"({"trace": {"path": "/var/log/a.csv"}})"}}), options);
  ASSERT_TRUE(scenario);
  EXPECT_EQ(scenario->traffic[0].trace->path, "/var/log/a.csv");
}

TEST(ReadScenario, ReadsThresholds) {
  const auto& thresholds = every_feature().thresholds;
  ASSERT_EQ(thresholds.size(), 6U);
  EXPECT_EQ(thresholds[0].expression, "totals.denied_ratio < 0.05");
  EXPECT_EQ(thresholds[2].path, "latency.allowed.p99_ns");
  EXPECT_EQ(thresholds[2].comparison, Comparison::less_or_equal);
  EXPECT_EQ(thresholds[2].value, 2e7);
}

TEST(ReadScenario, FillsInDefaults) {
  const Scenario scenario =
      read_after({{"/traffic/0/attributes/user", R"({"zipf": {"count": 5}})"}});
  EXPECT_EQ(scenario.seed, 1U);
  EXPECT_EQ(scenario.start, std::nullopt);
  EXPECT_EQ(scenario.warmup, Duration());
  EXPECT_EQ(scenario.series_interval, std::nullopt);
  EXPECT_THAT(scenario.thresholds, IsEmpty());
  EXPECT_FALSE(scenario.backend);
  EXPECT_FALSE(scenario.has_named_policies());
  EXPECT_EQ(scenario.policies.at(0).limits.at(0).name, "limit-1");
  EXPECT_EQ(scenario.traffic.at(0).name, "class-1");
  EXPECT_TRUE(std::holds_alternative<traffic::GiveUp>(scenario.traffic.at(0).on_denied.behaviour));
  EXPECT_EQ(as<traffic::ZipfValues>(scenario.traffic[0].attributes[0].values).exponent, 1.0);
}

TEST(ReadScenario, AMissingFileIsAProblemOfItsPlace) {
  const Problems problems =
      problems_after({{"/traffic/0/attributes/user", R"({"file": "missing.txt"})"},
                      {"/traffic/0/costs/tokens", R"({"empirical": {"file": "missing.txt"}})"}});
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].pointer, "/traffic/0/attributes/user/file");
  EXPECT_THAT(problems[0].message, ::testing::HasSubstr("missing.txt"));
  EXPECT_EQ(problems[1].pointer, "/traffic/0/costs/tokens/empirical/file");
}

}  // namespace
}  // namespace weir::scenario
