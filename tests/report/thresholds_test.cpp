#include "report/thresholds.hpp"

#include <gmock/gmock.h>

#include "report/json.hpp"
#include "report/sample.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;
using scenario::Comparison;
using scenario::Scenario;
using testing::HasSubstr;

/// The sample's only threshold, as its report judges it.
Json judged(const std::string& path, Comparison comparison, double value) {
  Scenario scenario = sample_scenario();
  scenario.thresholds = {threshold(path, comparison, value)};
  return make_report(scenario, sample_outcome(), {})["thresholds"][0];
}

std::string reason_of(const std::string& path) {
  const Json row = judged(path, Comparison::greater_or_equal, 0);
  EXPECT_EQ(row["ok"], false);
  EXPECT_TRUE(row["value"].is_null());
  return row["reason"];
}

Json value_of(const std::string& path) {
  return judged(path, Comparison::greater_or_equal, 0)["value"];
}

TEST(Thresholds, ComparesFromBothSides) {
  const std::string path = "totals.denied_ratio";  // 0.2
  const auto ok = [&](Comparison c, double value) { return judged(path, c, value)["ok"]; };
  EXPECT_EQ(ok(Comparison::less, 0.2), false);
  EXPECT_EQ(ok(Comparison::less, 0.2001), true);
  EXPECT_EQ(ok(Comparison::less_or_equal, 0.2), true);
  EXPECT_EQ(ok(Comparison::less_or_equal, 0.1999), false);
  EXPECT_EQ(ok(Comparison::greater, 0.2), false);
  EXPECT_EQ(ok(Comparison::greater, 0.1999), true);
  EXPECT_EQ(ok(Comparison::greater_or_equal, 0.2), true);
  EXPECT_EQ(ok(Comparison::greater_or_equal, 0.2001), false);
  EXPECT_EQ(ok(Comparison::equal, 0.2), true);
  EXPECT_EQ(ok(Comparison::equal, 0.3), false);
  EXPECT_EQ(ok(Comparison::not_equal, 0.3), true);
  EXPECT_EQ(ok(Comparison::not_equal, 0.2), false);
}

TEST(Thresholds, ARowHoldsTheExpressionAndTheValue) {
  const Json row = judged("totals.denied", Comparison::less, 100);
  EXPECT_EQ(row, Json::parse(R"({"expression": "totals.denied < 100", "value": 200,
                                 "ok": false})"));
}

TEST(Thresholds, OneThatFailsFailsTheRun) {
  Scenario scenario = sample_scenario();
  scenario.thresholds = {threshold("totals.denied", Comparison::less, 201)};
  EXPECT_EQ(make_report(scenario, sample_outcome(), {})["verdict"], "pass");
  scenario.thresholds.push_back(threshold("totals.denied", Comparison::less, 200));
  EXPECT_EQ(make_report(scenario, sample_outcome(), {})["verdict"], "fail");
}

TEST(Thresholds, FindsRowsByNameKeyOrIndex) {
  EXPECT_EQ(value_of("limits.tokens.denied"), 10);
  EXPECT_EQ(value_of("limits.1.denied"), 10);
  EXPECT_EQ(value_of("top_denied.user-7.denied"), 50);
  EXPECT_EQ(value_of("series.denied.2"), 120);
  EXPECT_EQ(value_of("classes.bursty.denied_ratio"), 0.5);
  EXPECT_EQ(value_of("duration_ns"), 10'000'000'000);
  EXPECT_THAT(reason_of("series.denied.4"), HasSubstr("no field series.denied.4"));
}

TEST(Thresholds, NamesMayHoldDots) {
  Scenario scenario = sample_scenario();
  metrics::Outcome outcome = sample_outcome();
  auto& models = outcome.policies[0].accumulator.by_attribute["model"];
  models["large-4.1"] = {10, 9, 1, 0};
  models["large-4"] = {10, 8, 2, 0};
  scenario.thresholds = {threshold("by_attribute.model.large-4.1.denied", Comparison::equal, 1),
                         threshold("by_attribute.model.large-4.denied", Comparison::equal, 2)};
  EXPECT_EQ(make_report(scenario, outcome, {})["verdict"], "pass");
}

TEST(Thresholds, AFieldThatIsMissingFailsAndSuggestsOne) {
  EXPECT_EQ(reason_of("totals.denid_ratio"),
            "the report has no field totals.denid_ratio; did you mean totals.denied_ratio?");
  EXPECT_EQ(reason_of("active_keys"),
            "the report has no field active_keys; did you mean totals.active_keys?");
  EXPECT_EQ(reason_of("limits.token.denied"),
            "the report has no field limits.token.denied; did you mean limits.tokens.denied?");
  EXPECT_EQ(reason_of("nothing.like.that.at.all"),
            "the report has no field nothing.like.that.at.all");
  EXPECT_THAT(reason_of(""), HasSubstr("no field"));
  EXPECT_THAT(reason_of("totals."), HasSubstr("no field totals."));
}

TEST(Thresholds, AStarInTheTrafficIsAnOrdinaryName) {
  Scenario scenario = sample_scenario();
  metrics::Outcome outcome = sample_outcome();
  outcome.policies[0].accumulator.by_attribute["tier"]["*"] = {1, 1, 0, 0};
  scenario.thresholds = {threshold("by_attribute.tier.gold.denied", Comparison::equal, 0)};
  EXPECT_EQ(make_report(scenario, outcome, {})["verdict"], "fail");
}

TEST(Thresholds, ANullFailsAndSaysWhy) {
  Scenario scenario = sample_scenario();
  metrics::Outcome outcome = sample_outcome();
  outcome.policies[0].accumulator = {};
  const auto reason = [&](const std::string& path) {
    scenario.thresholds = {threshold(path, Comparison::greater_or_equal, 0)};
    const Json row = make_report(scenario, outcome, {})["thresholds"][0];
    EXPECT_EQ(row["ok"], false);
    return row["reason"].get<std::string>();
  };
  EXPECT_EQ(reason("latency.denied.p99_ns"),
            "latency.denied.p99_ns is null: no attempt was denied");
  EXPECT_EQ(reason("latency.delay.max_ns"), "latency.delay.max_ns is null: no attempt was allowed");
  EXPECT_EQ(reason("totals.denied_ratio"), "totals.denied_ratio is null: there was no attempt");
  EXPECT_EQ(reason("limits.tokens.state_bytes_per_key"),
            "limits.tokens.state_bytes_per_key is null: no key came");
}

/// A report of a live run that met nothing but a status 200.
Json judged_live(const std::string& path) {
  Scenario scenario = sample_scenario();
  scenario.thresholds = {threshold(path, Comparison::equal, 0)};
  metrics::Outcome outcome = sample_outcome();
  outcome.live.emplace();
  outcome.policies[0].accumulator.live.emplace().statuses["200"] = 1;
  return make_report(scenario, outcome, {})["thresholds"][0];
}

TEST(Thresholds, WhatALiveRunCountsByNameIsZeroWhereThereWasNone) {
  for (const char* path : {"statuses.503", "errors.timeout", "errors.unexpected_status",
                           "rate_limit_headers.openai.malformed"}) {
    const Json row = judged_live(path);
    EXPECT_EQ(row["ok"], true) << path;
    EXPECT_EQ(row["value"], 0) << path;
  }
  EXPECT_EQ(judged_live("statuses.200")["value"], 1);
  EXPECT_EQ(judged_live("limits.of-the-model.denied")["ok"], true) << "of simulations: not judged";
  EXPECT_TRUE(judged_live("accuracy.of-the-model.false_allows")["value"].is_null());
  EXPECT_EQ(judged_live("errors.timeouts")["ok"], false);
}

TEST(Thresholds, OnlyNumbersCanBeCompared) {
  EXPECT_EQ(reason_of("scenario.name"), "scenario.name is not a number but a string");
  EXPECT_EQ(reason_of("latency.allowed"),
            "latency.allowed is not a number but a group of fields: name one of them");
  EXPECT_EQ(reason_of("limits.tokens.enforce"),
            "limits.tokens.enforce is not a number but a boolean");
}

// ---- Before the run

Problems problems_of(Scenario scenario, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    scenario.thresholds.push_back(threshold(path, Comparison::less, 1));
  }
  const tl::expected<void, Problems> checked = check_threshold_paths(scenario);
  return checked ? Problems{} : checked.error();
}

TEST(ThresholdPaths, EveryFieldOfARunIsKnownBefore) {
  EXPECT_EQ(
      problems_of(sample_scenario(),
                  {"totals.denied_ratio", "operations.attempts_per_success", "latency.delay.p99_ns",
                   "limits.requests.denied", "classes.bursty.denied", "costs.tokens.denied",
                   "by_attribute.tier.pro.denied_ratio", "by_attribute.user.user-5.denied",
                   "series.denied.59", "denied_keys", "top_denied.user-7.denied", "duration_ns"}),
      Problems{});
}

TEST(ThresholdPaths, ATypoIsFoundBeforeTheRun) {
  EXPECT_EQ(
      problems_of(sample_scenario(), {"totals.denied_ratio", "totals.denid_ratio",
                                      "classes.burst.denied", "by_attribute.tier.prp.denied"}),
      (Problems{{"/thresholds/1",
                 "the report has no field totals.denid_ratio; did you mean totals.denied_ratio?"},
                {"/thresholds/2",
                 "the report has no field classes.burst.denied; did you mean "
                 "classes.bursty.denied?"},
                {"/thresholds/3",
                 "the report has no field by_attribute.tier.prp.denied; did you mean "
                 "by_attribute.tier.pro.denied?"}}));
}

TEST(ThresholdPaths, ATypoInWhatALiveRunCountsByNameIsFoundToo) {
  Scenario scenario = sample_scenario();
  for (const char* path :
       {"errors.timeout", "statuses.429", "rate_limit_headers.x_ratelimit.answers",
        "errors.timeouts", "statuses.42", "rate_limit_headers.x.answers"}) {
    scenario.thresholds.push_back(threshold(path, Comparison::equal, 0));
  }
  const auto checked = check_threshold_paths(scenario, true);
  ASSERT_FALSE(checked.has_value());
  ASSERT_EQ(checked.error().size(), 3u);
  EXPECT_EQ(checked.error()[0].pointer, "/thresholds/3");
  EXPECT_EQ(checked.error()[1].pointer, "/thresholds/4");
  EXPECT_EQ(checked.error()[2].pointer, "/thresholds/5");
}

TEST(ThresholdPaths, FieldsBelowUnknownNamesAreCheckedToo) {
  EXPECT_EQ(problems_of(sample_scenario(), {"by_attribute.user.user-5.denies"}).size(), 1u);
  EXPECT_EQ(problems_of(sample_scenario(), {"top_denied.user-5.allowed"}).size(), 1u);
  EXPECT_EQ(problems_of(sample_scenario(), {"series.denials.5"}).size(), 1u);
}

TEST(ThresholdPaths, ATraceMayBringAnyAttributeAndCost) {
  const std::vector<std::string> paths = {"by_attribute.country.nz.denied", "costs.pages.denied"};
  Scenario scenario = sample_scenario();
  EXPECT_EQ(problems_of(scenario, paths).size(), 2u);
  scenario.traffic[1].arrivals.reset();
  scenario.traffic[1].trace = traffic::TraceSpec{};
  EXPECT_EQ(problems_of(scenario, paths), Problems{});
}

TEST(ThresholdPaths, WithNamedPoliciesAPathStartsWithThePolicy) {
  const Scenario scenario = sample_comparison_scenario();
  EXPECT_EQ(
      problems_of(scenario, {"policies.strict.totals.denied_ratio", "comparison.lenient.denied",
                             "policies.strict.series.allowed.3"}),
      Problems{});
  EXPECT_EQ(problems_of(scenario, {"totals.denied_ratio"}),
            (Problems{{"/thresholds/0",
                       "the report has no field totals.denied_ratio; did you mean "
                       "policies.strict.totals.denied_ratio?"}}));
}

}  // namespace
}  // namespace weir::report
