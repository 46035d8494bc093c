#include "report/json.hpp"

#include <gmock/gmock.h>

#include "report/sample.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Json sample_report() { return make_report(sample_scenario(), sample_outcome(), {}); }

std::vector<std::string> names_of(const Json& object) {
  std::vector<std::string> names;
  for (const auto& field : object.items()) names.push_back(field.key());
  return names;
}

TEST(Report, FieldsStandInTheOrderOfTheDesign) {
  EXPECT_THAT(names_of(sample_report()),
              ElementsAre("schema_version", "version", "mode", "scenario", "start", "duration_ns",
                          "verdict", "thresholds", "totals", "operations", "costs", "limits",
                          "classes", "by_attribute", "denied_keys", "top_denied", "retry_after",
                          "latency", "fairness", "series", "accumulator"));
}

TEST(Report, SaysWhatRan) {
  const Json report = sample_report();
  EXPECT_EQ(report["schema_version"], 1);
  EXPECT_EQ(report["mode"], "simulate");
  EXPECT_EQ(report["scenario"]["name"], "llm-gateway");
  EXPECT_EQ(report["scenario"]["seed"], 42);
  EXPECT_EQ(report["scenario"]["sha256"], std::string(64, 'a'));
  EXPECT_EQ(report["start"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(report["duration_ns"], 10'000'000'000);
  EXPECT_EQ(report["verdict"], "pass");
}

TEST(Report, TotalsAndRatios) {
  const Json totals = sample_report()["totals"];
  EXPECT_EQ(totals["attempts"], 1000);
  EXPECT_EQ(totals["allowed"], 800);
  EXPECT_EQ(totals["denied"], 200);
  EXPECT_EQ(totals["allowed_ratio"], 0.8);
  EXPECT_EQ(totals["denied_ratio"], 0.2);
  EXPECT_EQ(totals["active_keys"], 3);
}

TEST(Report, ActiveKeysAreThoseOfTheLimitThatMetMost) {
  metrics::Outcome outcome = sample_outcome();
  outcome.policies[0].accumulator.limits[1].keys = 9;
  EXPECT_EQ(make_report(sample_scenario(), outcome, {})["totals"]["active_keys"], 9);
}

TEST(Report, RatiosOfNothingAreNull) {
  metrics::Outcome outcome = sample_outcome();
  outcome.policies[0].accumulator = {};
  const Json report = make_report(sample_scenario(), outcome, {});
  EXPECT_TRUE(report["totals"]["denied_ratio"].is_null());
  EXPECT_TRUE(report["operations"]["attempts_per_success"].is_null());
  EXPECT_TRUE(report["limits"][0]["state_bytes_per_key"].is_null());
  EXPECT_TRUE(report["classes"]["steady"]["allowed_ratio"].is_null());
  EXPECT_TRUE(report["latency"]["denied"]["p99_ns"].is_null());
  EXPECT_EQ(report["latency"]["denied"]["count"], 0);
  EXPECT_TRUE(report["series"]["p99_ns"][0].is_null());
}

TEST(Report, LimitsCarryTheirNamesAndStateSizes) {
  const Json limits = sample_report()["limits"];
  ASSERT_EQ(limits.size(), 2u);
  EXPECT_EQ(limits[0], Json::parse(R"({"name": "requests", "algorithm": "sliding-window-log",
      "enforce": true, "allowed": 800, "denied": 200, "keys": 3, "state_bytes_per_key": 24.0})"));
  EXPECT_EQ(limits[1]["enforce"], false);
}

TEST(Report, ClassesAndCostsAreThereByName) {
  const Json report = sample_report();
  EXPECT_THAT(names_of(report["classes"]), ElementsAre("steady", "bursty"));
  EXPECT_EQ(report["classes"]["bursty"]["denied_ratio"], 0.5);
  EXPECT_EQ(report["costs"]["tokens"]["allowed"], 40'000);
}

TEST(Report, ListedValuesThatNeverCameStandWithZeros) {
  const Json tiers = sample_report()["by_attribute"]["tier"];
  EXPECT_THAT(names_of(tiers), ElementsAre("free", "pro"));
  EXPECT_EQ(tiers["pro"]["attempts"], 0);
}

TEST(Report, AttributesThatWereNotCountedAreLeftOut) {
  metrics::Outcome outcome = sample_outcome();
  outcome.policies[0].accumulator.by_attribute.clear();
  EXPECT_TRUE(make_report(sample_scenario(), outcome, {})["by_attribute"].empty());
}

TEST(Report, NamesTheKeysDeniedMostUpToTen) {
  metrics::Outcome outcome = sample_outcome();
  std::vector<metrics::DeniedKey>& keys = outcome.policies[0].accumulator.top_denied;
  EXPECT_EQ(sample_report()["top_denied"][0],
            Json::parse(R"({"key": "user-0", "limit": "requests", "denied": 150,
                            "longest_block_ns": 2500000000})"));
  keys.assign(10, keys[0]);
  EXPECT_EQ(make_report(sample_scenario(), outcome, {})["top_denied"].size(), 10u);
  keys.push_back(keys[0]);
  EXPECT_EQ(make_report(sample_scenario(), outcome, {})["top_denied"].size(), 10u);
}

TEST(Report, LatencyPercentiles) {
  const Json delay = sample_report()["latency"]["delay"];
  EXPECT_THAT(names_of(delay), ElementsAre("count", "min_ns", "mean_ns", "p50_ns", "p75_ns",
                                           "p90_ns", "p95_ns", "p99_ns", "p999_ns", "max_ns"));
  EXPECT_EQ(delay["count"], 800);
  EXPECT_EQ(delay["mean_ns"], 2'500'000);
  const Json allowed = sample_report()["latency"]["allowed"];  // 700 of 0 ns, 100 of 20 ms
  EXPECT_EQ(allowed["p75_ns"], 0);
  EXPECT_EQ(allowed["p90_ns"], 20'000'000);
}

TEST(Report, SeriesCoversTheWholeRunButEndsWhereItWasInterrupted) {
  metrics::Outcome outcome = sample_outcome();
  outcome.duration = Duration::from_ns(12'500'000'001);
  EXPECT_EQ(make_report(sample_scenario(), outcome, {})["series"]["denied"],
            Json::parse("[0, 40, 120, 40, 0, 0]"));
  outcome.interrupted = true;
  EXPECT_EQ(make_report(sample_scenario(), outcome, {})["series"]["denied"],
            Json::parse("[0, 40, 120, 40]"));
}

TEST(Report, InterruptedRunsAreInconclusive) {
  metrics::Outcome outcome = sample_outcome();
  outcome.interrupted = true;
  outcome.done_parts_per_million = 250'000;
  const Json report = make_report(sample_scenario(), outcome, {});
  EXPECT_EQ(report["verdict"], "inconclusive");
  EXPECT_EQ(report["interrupted"], true);
  EXPECT_EQ(report["done_ratio"], 0.25);
  EXPECT_FALSE(sample_report().contains("interrupted"));
}

TEST(Report, TellsOfTraces) {
  metrics::Outcome outcome = sample_outcome();
  outcome.traces = {{"steady", 1000, 3, 1, 1'000'000'000, std::string(64, 'b')}};
  const Json report = make_report(sample_scenario(), outcome, {});
  EXPECT_EQ(report["traces"][0]["class"], "steady");
  EXPECT_EQ(report["traces"][0]["out_of_order"], 3);
  EXPECT_EQ(report["traces"][0]["spread_ns"], 1'000'000'000);
}

TEST(Report, JudgesPromisesAndFairness) {
  const Json report = sample_report();
  const Json& promises = report["retry_after"];
  EXPECT_EQ(promises["present"], 190);
  EXPECT_EQ(promises["absent"], 10);
  EXPECT_EQ(promises["honest"], 150);
  EXPECT_EQ(promises["too_short"], 30);
  EXPECT_EQ(promises["too_long"], 10);
  EXPECT_EQ(promises["never"], 0);
  EXPECT_DOUBLE_EQ(promises["honest_ratio"].get<double>(), 150.0 / 190.0);
  EXPECT_EQ(promises["error"]["count"], 190);
  EXPECT_EQ(promises["error"]["min_ns"], -200'000'000);
  EXPECT_EQ(promises["error"]["max_ns"], 5'000'000'000);
  EXPECT_EQ(report["fairness"]["keys"], 2);
  EXPECT_DOUBLE_EQ(report["fairness"]["jain_index"].get<double>(), 0.9);
  EXPECT_FALSE(report.contains("accuracy"));
  EXPECT_FALSE(report.contains("backend"));
}

TEST(Report, TellsOfOperationsByClass) {
  const Json report = make_report(sample_loop_scenario(), sample_loop_outcome(), {});
  const Json& operations = report["operations"];
  EXPECT_EQ(operations["count"], 500);
  EXPECT_EQ(operations["unfinished"], 20);
  EXPECT_EQ(operations["throttled"], 10);
  EXPECT_EQ(operations["retry_peak"], 300);
  EXPECT_EQ(operations["succeeded_per_second"], 40.0);
  EXPECT_EQ(operations["attempts_per_success"], 2.5);
  const Json& bursty = report["classes"]["bursty"];
  EXPECT_EQ(bursty["operations"]["count"], 400);
  EXPECT_EQ(bursty["latency_operation"]["count"], 200);
}

TEST(Report, TellsOfTheBackendAndOfLateCosts) {
  const Json report = make_report(sample_loop_scenario(), sample_loop_outcome(), {});
  const Json& backend = report["backend"];
  EXPECT_EQ(backend["served"], 400);
  EXPECT_EQ(backend["refused"], 3);
  EXPECT_EQ(backend["left"], 5);
  EXPECT_EQ(backend["mean_running"], 3.0);
  EXPECT_EQ(backend["utilisation_ratio"], 0.75);
  EXPECT_EQ(backend["peak_waiting"], 17);
  EXPECT_FALSE(report["limits"][0].contains("overshoot"));
  const Json& tokens = report["limits"][1];
  EXPECT_EQ(tokens["overshoot"], 70);
  EXPECT_EQ(tokens["reserved_unused"], 900);
  EXPECT_EQ(tokens["settled"], 5000);
  const Json& accuracy = report["accuracy"]["requests"];
  EXPECT_EQ(accuracy["reference"]["limit"], 100);
  EXPECT_EQ(accuracy["compared"], 1000);
  EXPECT_EQ(accuracy["false_allow_ratio"], 0.02);
  EXPECT_EQ(accuracy["peak_in_window"], 190);
}

TEST(Report, NamedPoliciesStandSideBySideInFileOrder) {
  const Json report = make_report(sample_comparison_scenario(), sample_comparison_outcome(), {});
  EXPECT_FALSE(report.contains("totals"));
  EXPECT_THAT(names_of(report["policies"]), ElementsAre("strict", "lenient", "never-met"));
  EXPECT_EQ(report["policies"]["strict"]["totals"]["denied"], 200);
  const Json& rows = report["comparison"];
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0], Json::parse(R"({"policy": "strict", "allowed": 800, "denied": 200,
      "allowed_ratio": 0.8, "denied_ratio": 0.2, "succeeded": 800, "attempts_per_success": 1.25,
      "retry_peak": 0, "operation_p50_ns": 0, "operation_p99_ns": 0,
      "honest_ratio": 0.7894736842105263, "jain_index": 0.9, "denied_keys": 2, "peak_allowed": 250,
      "delay_p99_ns": 20000000, "state_bytes_per_key": 32.0})"));
  EXPECT_EQ(rows[1]["policy"], "lenient");
  EXPECT_TRUE(rows[1]["delay_p99_ns"].is_null());
  EXPECT_TRUE(rows[2]["state_bytes_per_key"].is_null());
}

TEST(Report, PoliciesThatDidNotRunAreLeftOut) {
  metrics::Outcome outcome = sample_comparison_outcome();
  outcome.policies.erase(outcome.policies.begin());
  const Json report = make_report(sample_comparison_scenario(), outcome, {});
  EXPECT_THAT(names_of(report["policies"]), ElementsAre("lenient", "never-met"));
}

TEST(Report, OneNamedPolicyIsStillNamed) {
  scenario::Scenario scenario = sample_comparison_scenario();
  scenario.policies.resize(1);
  const Json report = make_report(scenario, sample_comparison_outcome(), {});
  EXPECT_THAT(names_of(report["policies"]), ElementsAre("strict"));
}

TEST(Report, PseudonymsHideKeysEverywhere) {
  metrics::Outcome outcome = sample_outcome();
  outcome.policies[0].accumulator.by_attribute["user"]["user-0"] = {1000, 800, 200, 0};
  ASSERT_THAT(to_text(make_report(sample_scenario(), outcome, {})), HasSubstr("user-0"));
  const Json report = make_report(sample_scenario(), outcome, {.pseudonyms = true});
  EXPECT_THAT(to_text(report), Not(HasSubstr("user-")));
  const std::string pseudonym = report["top_denied"][0]["key"].get<std::string>();
  EXPECT_THAT(pseudonym, testing::MatchesRegex("k-[0-9a-f]{12}"));
  EXPECT_EQ(report["accumulator"]["top_denied"][0]["key"], pseudonym);
  EXPECT_TRUE(report["by_attribute"]["user"].contains(pseudonym));
  EXPECT_TRUE(report["by_attribute"]["tier"].contains("free"));  // no limit's key has the tier
}

TEST(Report, PseudonymsDependOnTheSeed) {
  scenario::Scenario scenario = sample_scenario();
  const auto first_key = [&] {
    return make_report(scenario, sample_outcome(), {.pseudonyms = true})["top_denied"][0]["key"];
  };
  const Json before = first_key();
  EXPECT_EQ(first_key(), before);
  scenario.seed = 43;
  EXPECT_NE(first_key(), before);
}

TEST(Report, BytesThatAreNotTextDoNotMakeItUnreadable) {
  metrics::Outcome outcome = sample_outcome();
  metrics::Accumulator& a = outcome.policies[0].accumulator;
  a.top_denied[0].key = "\xff\"";
  a.by_attribute["tier"]["fr\xc3"] = {1, 1, 0, 0};
  a.by_attribute["tier"]["fr\xff"] = {2, 2, 0, 0};
  const Json report = Json::parse(to_text(make_report(sample_scenario(), outcome, {})));
  EXPECT_EQ(report["top_denied"][0]["key"], "\uFFFD\"");
  EXPECT_EQ(report["by_attribute"]["tier"]["fr\uFFFD"]["attempts"], 3);
}

TEST(ReportText, ReadsBackAsTheSameReport) {
  const Json report = sample_report();
  EXPECT_EQ(Json::parse(to_text(report)).dump(), report.dump());
}

TEST(ReportText, KeepsRowsAndNumbersOnOneLine) {
  const Json json = Json::parse(R"({"a": {"b": [1, null, 2.5], "c": {}}, "d": [],
      "rows": [{"name": "x", "n": {"m": 1}}, {"name": "y\n"}]})");
  EXPECT_EQ(to_text(json), R"({
  "a": {
    "b": [1, null, 2.5],
    "c": {}
  },
  "d": [],
  "rows": [
    {"name": "x", "n": {"m": 1}},
    {"name": "y\n"}
  ]
}
)");
}

}  // namespace
}  // namespace weir::report
