#include "scenario/overrides.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scenario/scenario_for_test.hpp"

namespace weir::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The document after the overrides, which must all be possible.
std::string after(std::string_view document, const std::vector<Override>& overrides) {
  Json json = Json::parse(document);
  Reading reading;
  apply_overrides(json, overrides, reading);
  EXPECT_THAT(reading.problems, IsEmpty());
  return json.dump();
}

/// What is wrong with an override, which must leave the document as it was.
Problems problems_with(std::string_view document, const Override& one) {
  Json json = Json::parse(document);
  const Json before = json;
  Reading reading;
  apply_overrides(json, {one}, reading);
  EXPECT_EQ(json, before);
  return reading.problems;
}

TEST(Overrides, ReadValuesAsJsonElseAsStrings) {
  EXPECT_EQ(after("{}", {{"/a", "5"}, {"/b", "true"}, {"/c", "10/s"}, {"/d", "\"5\""}, {"/e", ""}}),
            R"({"a":5,"b":true,"c":"10/s","d":"5","e":""})");
  EXPECT_EQ(after("{}", {{"/a", R"({"b": [1, 2]})"}, {"/c", "null"}}),
            R"({"a":{"b":[1,2]},"c":null})");
}

TEST(Overrides, ReplaceAndComeOneAfterTheOther) {
  EXPECT_EQ(after(R"({"a": [1, {"b": 2}], "c": 3})",
                  {{"/a/1/b", "5"}, {"/a/0", "6"}, {"/a/0", "7"}, {"/d", "8"}}),
            R"({"a":[7,{"b":5}],"c":3,"d":8})");
}

TEST(Overrides, MakeWhatIsMissingOnTheWay) {
  EXPECT_EQ(after("{}", {{"/a/b/c", "1"}}), R"({"a":{"b":{"c":1}}})");
  EXPECT_EQ(after(R"({"a": null})", {{"/a/b", "1"}}), R"({"a":{"b":1}})");
  // What is missing becomes an object even where the token is a number.
  EXPECT_EQ(after("{}", {{"/a/0", "1"}}), R"({"a":{"0":1}})");
}

TEST(Overrides, AppendToArrays) {
  EXPECT_EQ(after(R"({"a": [1]})", {{"/a/-", "2"}, {"/a/-/b", "3"}}), R"({"a":[1,2,{"b":3}]})");
}

TEST(Overrides, ReadEscapesInPointers) {
  EXPECT_EQ(after("{}", {{"/a~1b/c~0d", "1"}}), R"({"a/b":{"c~d":1}})");
}

TEST(Overrides, SayWhyTheyCannotBe) {
  const char* const document = R"({"a": [1], "b": "text"})";
  EXPECT_THAT(problems_with(document, {"/a/1", "2"}),
              ElementsAre(Problem{
                  "/a/1", "cannot be set: index 1 is out of range: the array has 1 element"}));
  EXPECT_THAT(problems_with(document, {"/a/x/y", "2"}),
              ElementsAre(Problem{"/a/x/y",
                                  "cannot be set: \"x\" is no index of an array; write a number "
                                  "from 0, or - to append"}));
  EXPECT_THAT(problems_with(document, {"/a/00", "2"}),
              ElementsAre(Problem{"/a/00",
                                  "cannot be set: \"00\" is no index of an array; write a number "
                                  "from 0, or - to append"}));
  EXPECT_THAT(problems_with(document, {"/b/c", "2"}),
              ElementsAre(Problem{"/b/c", "cannot be set: \"c\" cannot be set inside \"text\""}));
  const std::string hint = "must be a JSON pointer such as \"/policy/limits/0/rate\" to be set";
  EXPECT_THAT(problems_with(document, {"b", "2"}), ElementsAre(Problem{"b", hint}));
  EXPECT_THAT(problems_with(document, {"", "2"}), ElementsAre(Problem{"", hint}));
  EXPECT_THAT(problems_with(document, {"/b~", "2"}), ElementsAre(Problem{"/b~", hint}));
}

TEST(Overrides, DoNotNestTooDeep) {
  std::string pointer;
  for (int i = 0; i < 64; ++i) pointer += "/a";
  Json json = Json::object();
  Reading reading;
  apply_overrides(json, {{pointer, "1"}, {pointer + "/a", "1"}}, reading);
  EXPECT_THAT(reading.problems,
              ElementsAre(Problem{pointer + "/a", "must not nest deeper than 64 levels"}));
}

TEST(Overrides, AKeyGivenTwiceInAValueIsAProblem) {
  Json json = Json::object();
  Reading reading;
  apply_overrides(json, {{"/a", R"({"b": 1, "b": 2})"}}, reading);
  EXPECT_THAT(reading.problems, ElementsAre(Problem{"/a/b", "is given twice"}));
}

TEST(Overrides, HoldForTheScenarioAndItsChecks) {
  LoadOptions options;
  options.overrides = {{"/policy/limits/0/rate", "7/s"}, {"/name", "5"}, {"no pointer", "1"}};
  EXPECT_THAT(
      problems_of(small_scenario().dump(), options),
      ElementsAre(Problem{"/name", "must be a string, got 5"},
                  Problem{"no pointer",
                          "must be a JSON pointer such as \"/policy/limits/0/rate\" to be set"}));
  options.overrides.resize(1);
  const auto scenario = parse_scenario(small_scenario().dump(), options);
  ASSERT_TRUE(scenario);
  EXPECT_EQ(scenario->policies[0].limits[0].parameters.rate("rate"),
            (Rate{7, Duration::from_seconds(1)}));
}

TEST(Overrides, TheSeedIsCheckedLikeTheFiles) {
  LoadOptions options;
  options.seed = (std::uint64_t{1} << 53) + 1;
  EXPECT_THAT(
      problems_of(small_scenario().dump(), options),
      ElementsAre(Problem{"/seed", "must be from 0 to 9007199254740992, got 9007199254740993"}));
}

}  // namespace
}  // namespace weir::scenario
