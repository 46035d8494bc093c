#include "report/accumulator_json.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "report/sample.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;
using metrics::Accumulator;
using testing::AllOf;
using testing::HasSubstr;

Json through_text(const Json& json) { return Json::parse(json.dump()); }

std::string problem_of(const Json& json) {
  const Result<Accumulator> read = accumulator_from_json(json);
  return read ? "" : read.error().message;
}

/// The sample with the value at a JSON pointer replaced.
Json sample_with(const char* pointer, Json value) {
  Json json = accumulator_to_json(sample_accumulator());
  json[Json::json_pointer(pointer)] = std::move(value);
  return json;
}

TEST(AccumulatorJson, ComesBackAsItWas) {
  const Accumulator a = sample_accumulator();
  const Result<Accumulator> back = accumulator_from_json(through_text(accumulator_to_json(a)));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(*back == a);
  EXPECT_EQ(accumulator_to_json(*back).dump(), accumulator_to_json(a).dump());
}

TEST(AccumulatorJson, AnEmptyOneComesBackEmpty) {
  const Result<Accumulator> back = accumulator_from_json(through_text(accumulator_to_json({})));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(*back == Accumulator{});
}

TEST(AccumulatorJson, KeepsTheLargestNumbers) {
  Accumulator a = sample_accumulator();
  a.totals.attempts = std::numeric_limits<std::uint64_t>::max();
  a.costs["tokens"].offered = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < 3; ++i) a.delay.record(std::numeric_limits<std::int64_t>::max());
  const Json json = accumulator_to_json(a);
  EXPECT_EQ(json["delay"]["sum"], "27670116112564327421");  // 3 (2^63 - 1) + 100 * 20'000'000
  const Result<Accumulator> back = accumulator_from_json(through_text(json));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(*back == a);
}

TEST(AccumulatorJson, NamesNeedNoEscaping) {
  Accumulator a = sample_accumulator();
  a.by_attribute["a/b~c.d"]["\"\\\n"] = {1, 1, 0, 0};
  const Result<Accumulator> back = accumulator_from_json(through_text(accumulator_to_json(a)));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(*back == a);
}

TEST(AccumulatorJson, SaysWhereAndWhatIsWrong) {
  EXPECT_THAT(problem_of(sample_with("/totals/denied", -1)),
              HasSubstr("/totals/denied: must be a whole number of at least 0, got -1"));
  EXPECT_THAT(problem_of(sample_with("/limits/1/keys", "3")), HasSubstr("/limits/1/keys: "));
  EXPECT_THAT(problem_of(sample_with("/limits/1/keys", 3.5)), HasSubstr("/limits/1/keys: "));
  EXPECT_THAT(problem_of(sample_with("/costs/tokens/offered", std::uint64_t{1} << 63)),
              HasSubstr("/costs/tokens/offered: must be below 2^63"));
  EXPECT_THAT(problem_of(sample_with("/by_attribute/tier/free", 1)),
              HasSubstr("/by_attribute/tier/free: must be an object, got 1"));
  EXPECT_THAT(problem_of(sample_with("/classes", Json::object())),
              HasSubstr("/classes: must be an array"));
  EXPECT_THAT(problem_of(sample_with("/series/2/latency", 5)), HasSubstr("/series/2/latency: "));
  EXPECT_THAT(problem_of(Json::array()), HasSubstr("/: must be an object"));
}

TEST(AccumulatorJson, MissingAndUnknownFieldsAreErrors) {
  Json json = accumulator_to_json(sample_accumulator());
  json.erase("delay");
  json["dellay"] = nullptr;
  EXPECT_THAT(problem_of(json), AllOf(HasSubstr("/delay: is missing"), HasSubstr("/dellay: ")));
}

TEST(AccumulatorJson, ReportsAllProblemsAtOnce) {
  Json json = sample_with("/totals/denied", -1);
  json["operations"]["count"] = nullptr;
  EXPECT_THAT(problem_of(json), AllOf(HasSubstr("/totals/denied"), HasSubstr("/operations/count")));
}

TEST(AccumulatorJson, ChecksHistograms) {
  EXPECT_THAT(problem_of(sample_with("/delay/hdr", "nonsense")), HasSubstr("/delay: "));
  EXPECT_THAT(problem_of(sample_with("/delay/sum", "12x")), HasSubstr("/delay/sum: "));
  EXPECT_THAT(problem_of(sample_with("/delay/sum", "")), HasSubstr("/delay/sum: "));
  EXPECT_THAT(problem_of(sample_with("/delay/sum", "340282366920938463463374607431768211456")),
              HasSubstr("/delay/sum: must be a string of digits below 2^128"));
}

TEST(AccumulatorJson, ChecksTheDeniedKeys) {
  EXPECT_EQ(problem_of(sample_with("/top_denied/0/limit", 1)), "");
  EXPECT_THAT(problem_of(sample_with("/top_denied/0/limit", 2)),
              HasSubstr("/top_denied/0/limit: must be the index of one of 2 limits"));
  EXPECT_THAT(problem_of(sample_with("/top_denied/0/denied", 49)), HasSubstr("/top_denied: "));
}

}  // namespace
}  // namespace weir::report
