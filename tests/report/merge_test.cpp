#include "report/merge.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "report/json.hpp"
#include "report/reading.hpp"
#include "report/sample.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;
using testing::AllOf;
using testing::HasSubstr;

NamedReport sample_shard(std::uint32_t index, std::uint32_t count, bool pseudonyms = false) {
  metrics::Outcome outcome = sample_outcome();
  outcome.shard = Shard{.index = index, .count = count};
  return {"part" + std::to_string(index) + ".json",
          make_report(sample_scenario(), outcome, {.pseudonyms = pseudonyms})};
}

std::vector<NamedReport> three_shards() {
  return {sample_shard(1, 3), sample_shard(2, 3), sample_shard(3, 3)};
}

std::string merge_problem_of(const std::vector<NamedReport>& shards) {
  const auto merged = merge_shards(shards, false);
  return merged ? "" : merged.error().message;
}

/// Of three shards, the second with another value at a JSON pointer.
std::string problem_with(const char* pointer, const Json& value) {
  std::vector<NamedReport> shards = three_shards();
  shards[1].report[Json::json_pointer(pointer)] = value;
  return merge_problem_of(shards);
}

TEST(Merge, AddsTheAccumulatorsAndJudgesTheSum) {
  std::vector<NamedReport> shards = three_shards();
  EXPECT_EQ(shards[0].report["verdict"], "inconclusive");
  const auto merged = merge_shards(shards, false);
  ASSERT_TRUE(merged) << merged.error().message;
  metrics::Outcome sum = sample_outcome();
  for (int i = 0; i < 2; ++i) {
    metrics::merge(sum.policies[0].accumulator, sample_outcome().policies[0].accumulator);
  }
  EXPECT_EQ(to_text(*merged), to_text(make_report(sample_scenario(), sum, {})));
  EXPECT_EQ((*merged)["verdict"], "pass");
  EXPECT_FALSE(merged->contains("shard"));
}

TEST(Merge, FailsAThresholdThatOnlyTheSumBreaks) {
  scenario::Scenario scenario = sample_scenario();
  scenario.thresholds = {threshold("totals.attempts", scenario::Comparison::less, 1'500)};
  scenario.thresholds[0].expression = "totals.attempts < 1500";
  std::vector<NamedReport> shards;
  for (const std::uint32_t index : {1U, 2U}) {
    metrics::Outcome outcome = sample_outcome();
    outcome.shard = Shard{.index = index, .count = 2};
    shards.push_back({"s", make_report(scenario, outcome, {})});
  }
  EXPECT_EQ(shards[0].report["thresholds"][0]["reason"], "judged when the shards are merged");
  const auto merged = merge_shards(shards, false);
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ((*merged)["verdict"], "fail");
  EXPECT_EQ((*merged)["thresholds"][0]["value"], 2'000);
}

TEST(Merge, PutsKeysUnderPseudonymsOfTheWholeRun) {
  const auto merged = merge_shards({sample_shard(1, 1)}, true);
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ(to_text(*merged),
            to_text(make_report(sample_scenario(), sample_outcome(), {.pseudonyms = true})));
  const auto again = merge_shards({sample_shard(1, 1, true)}, true);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_text(*again), to_text(*merged));
}

TEST(Merge, KeepsAllThatSeveralPoliciesAndABackEndHave) {
  for (const bool loop : {false, true}) {
    const scenario::Scenario scenario =
        loop ? sample_loop_scenario() : sample_comparison_scenario();
    metrics::Outcome outcome = loop ? sample_loop_outcome() : sample_comparison_outcome();
    outcome.shard = Shard{.index = 1, .count = 1};
    const auto merged = merge_shards({{"one", make_report(scenario, outcome, {})}}, false);
    ASSERT_TRUE(merged) << merged.error().message;
    outcome.shard.reset();
    Json whole = make_report(scenario, outcome, {});
    // What shares slots is never cut.
    if (loop) {
      for (const char* field : {"utilisation_ratio", "peak_running", "peak_waiting"}) {
        whole["backend"].erase(field);
      }
    }
    EXPECT_EQ(to_text(*merged), to_text(whole));
  }
}

TEST(Merge, SaysWhichShardsAreMissing) {
  EXPECT_EQ(merge_problem_of({sample_shard(1, 3), sample_shard(3, 3)}),
            "of 3 shards 1 is missing: 2");
  EXPECT_EQ(merge_problem_of({sample_shard(2, 5)}), "of 5 shards 4 are missing: 1, 3, 4, 5");
}

TEST(Merge, SaysWhichShardIsThereTwice) {
  std::vector<NamedReport> shards = three_shards();
  shards.push_back(sample_shard(2, 3));
  shards.back().source = "copy.json";
  EXPECT_EQ(merge_problem_of(shards), "part2.json and copy.json are both shard 2 of 3");
}

TEST(Merge, RefusesShardsOfOtherRuns) {
  const std::string begin = "part1.json and part2.json are not of one run: ";
  EXPECT_EQ(problem_with("/scenario/seed", 7), begin + "scenario.seed is 42 and 7");
  EXPECT_EQ(problem_with("/version", "0.0.9"),
            begin + "version is \"" WEIR_VERSION "\" and \"0.0.9\"");
  EXPECT_THAT(problem_with("/scenario/sha256", std::string(64, 'b')),
              HasSubstr("scenario.sha256 is"));
  EXPECT_EQ(problem_with("/shard/count", 4), begin + "shard.count is 3 and 4");
  EXPECT_EQ(problem_with("/duration_ns", 10'000'000'001),
            begin + "duration_ns is 10000000000 and 10000000001");
  EXPECT_EQ(problem_with("/limits/0/name", "others"), begin + "they have other policies or limits");
  EXPECT_THAT(problem_with("/shard/pseudonyms", true), HasSubstr("shard.pseudonyms is false and"));
}

TEST(Merge, RefusesTheReportOfAWholeRun) {
  EXPECT_EQ(
      merge_problem_of({{"whole.json", make_report(sample_scenario(), sample_outcome(), {})}}),
      "whole.json: is the report of a whole run, not of a shard");
  EXPECT_EQ(merge_problem_of({}), "there is nothing to merge");
}

TEST(Merge, RefusesNumbersThatNoRunHas) {
  EXPECT_EQ(problem_with("/shard/index", 4), "part2.json: there is no shard 4 of 3");
  EXPECT_EQ(problem_with("/duration_ns", 9.9e18),
            "part2.json: duration_ns must be a whole number below 2^64");
  EXPECT_EQ(problem_with("/duration_ns", 9'300'000'000'000'000'000U),
            "part2.json: duration_ns must be below 2^63");
  EXPECT_EQ(problem_with("/series/interval_ns", 1),
            "part2.json: series.interval_ns must cut the run into at most 10000 intervals");
  EXPECT_EQ(problem_with("/series/interval_ns", 0),
            "part2.json: series.interval_ns must cut the run into at most 10000 intervals");
  EXPECT_THAT(problem_with("/start", "yesterday"), HasSubstr("part2.json: start: "));
  EXPECT_THAT(problem_with("/thresholds/0/expression", "many"), HasSubstr("part2.json: "));
}

TEST(Merge, RefusesAccumulatorsThatCannotBe) {
  EXPECT_THAT(problem_with("/accumulator/delay/hdr", "HISTFAAAAB=="),
              AllOf(HasSubstr("part2.json: "), HasSubstr("/delay")));
  EXPECT_THAT(problem_with("/accumulator/top_denied/0/limit", 7), HasSubstr("/top_denied/0/limit"));
  // The sum of 64 such histograms could not be counted.
  metrics::Histogram many;
  many.record_n(1, std::uint64_t{1} << 57);
  const Json big = {{"hdr", many.encode_base64()},
                    {"min", 1},
                    {"max", 1},
                    {"sum", std::to_string(std::uint64_t{1} << 57)}};
  EXPECT_THAT(problem_with("/accumulator/delay", big), HasSubstr("must not have more than"));
}

TEST(Merge, WhatIsReadIsCutOffOrNoReportIsSaid) {
  const std::string text = to_text(sample_shard(1, 2).report);
  EXPECT_TRUE(read_report(text, "a"));
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, text.size() / 2}) {
    const auto read = read_report(text.substr(0, length), "a.json");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().message, "a.json: is not JSON, or is cut off");
  }
  EXPECT_FALSE(read_report("[1]", "a"));
}

}  // namespace
}  // namespace weir::report
