#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scenario/model.hpp"
#include "scenario/scenario_for_test.hpp"

namespace weir::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ParseScenario, EachFaultIsToldAlone) {
  for (const Fault& fault : faults()) {
    SCOPED_TRACE(fault.name);
    EXPECT_THAT(problems_after(fault.changes), ElementsAre(fault.problem));
  }
}

TEST(ParseScenario, WhatIsBarelyRightIsRight) {
  for (const Right& right : rights()) {
    SCOPED_TRACE(right.name);
    EXPECT_THAT(problems_after(right.changes), IsEmpty());
  }
}

// Sixteen faults, one of each kind, in one file.
constexpr std::string_view faulty = R"({
  "name": "a/b",                                        // 1: a slash
  "seed": "one",                                        // 2: the wrong type
  "duration": "ten minutes",                            // 3: not a duration
  "warmup": "0s", "warmup": "1s",                       // 4: twice
  "policy": {
    "limits": [
      {"algorithm": "gcra", "rate": "0/s", "burst": 1, "key": ["usr"]},   // 5 and 6
      {"algorithm": "token-bukket", "capacity": 5},                      // 7
      {"algorithm": "sliding-window-log", "limit": -1, "windw": "1h"},   // 8 and 9
      {"algorithm": "token-bucket", "capacity": {"by": "tier", "free": 1}, "rate": "1/s"}  // 10
    ]
  },
  "traffic": [
    {
      "arrivals": {"process": "poisson", "rate": 5},                      // 11
      "attributes": {
        "user": {"uniform": {"count": 0}},                                // 12
        "tier": {"weights": {"free": 9, "pro": 1}}
      },
      "from": "2s", "until": "1s"                                         // 16
    },
    {"clients": {"count": 0}}                                             // 13
  ],
  "thresholds": ["totals.denied_ratio is small"],                         // 14
  "back_end": {}                                                          // 15
})";

TEST(ParseScenario, TellsAllProblemsAtOnceFromTheTopDown) {
  EXPECT_THAT(
      problems_of(faulty),
      ElementsAre(
          Problem{"/name", R"(must be without "/", because reports are named after it, got "a/b")"},
          Problem{"/seed", R"(must be a whole number, got "one")"},
          Problem{"/duration",
                  R"(not a duration: "ten minutes" (write a number and a unit: 250ms, 1h30m, 2d))"},
          Problem{"/warmup", "is given twice"},
          Problem{"/policy/limits/0/rate", "must be above 0 (use deny-all to admit nothing)"},
          Problem{"/policy/limits/0/key/0", R"(unknown attribute "usr"; did you mean "user"?)"},
          Problem{"/policy/limits/1/algorithm",
                  R"(unknown algorithm "token-bukket"; did you mean "token-bucket"?)"},
          Problem{"/policy/limits/2/limit", "must be from 0 to 9007199254740992, got -1"},
          Problem{"/policy/limits/2/windw", R"(unknown field; did you mean "window"?)"},
          Problem{"/policy/limits/3/capacity",
                  R"(must have a row for "pro", a value of tier, or "default")"},
          Problem{"/traffic/0/arrivals/rate",
                  R"(must be a rate such as "100/s" or an object with "steps", "ramp" or "sine", )"
                  "got 5"},
          Problem{"/traffic/0/attributes/user/uniform/count", "must be from 1 to 50000000, got 0"},
          Problem{"/traffic/0/until", R"(must be later than from (2s), got "1s")"},
          Problem{"/traffic/1/clients/count", "must be from 1 to 10000000, got 0"},
          Problem{"/thresholds/0",
                  "must be <, <=, >, >=, == or != after totals.denied_ratio, got \"is small\""},
          Problem{"/back_end", R"(unknown field; did you mean "backend"?)"}));
}

TEST(ParseScenario, WhatIsNoObjectHasOneProblem) {
  EXPECT_THAT(problems_of("[]"), ElementsAre(Problem{"", "must be an object, got an array"}));
  EXPECT_THAT(problems_of("null"), ElementsAre(Problem{"", "must be an object, got null"}));
}

TEST(ParseScenario, AWrongTrafficHidesNoNames) {
  // What is there of the names is not known, so no word about those that limits use.
  EXPECT_THAT(problems_after({{"/traffic", "5"}}),
              ElementsAre(Problem{"/traffic", "must be an array, got 5"}));
  EXPECT_THAT(
      problems_after({{"/traffic/0/attributes", ""}, {"/traffic/0/atributes", "{}"}}),
      ElementsAre(Problem{"/traffic/0/atributes", R"(unknown field; did you mean "attributes"?)"}));
  EXPECT_THAT(problems_after({{"/traffic/0", R"({"trace": {"path": 5}})"}}),
              ElementsAre(Problem{"/traffic/0/trace/path", "must be a string, got 5"}));
}

TEST(ParseScenario, AWrongEndIsNotAMissingOne) {
  EXPECT_THAT(
      problems_after({{"/duration", ""}, {"/traffic/0/until", "5"}}),
      ElementsAre(Problem{"/traffic/0/until", R"(must be a duration such as "250ms", got 5)"}));
}

TEST(ParseScenario, TellsTheFirstOfAttributesThatGoRoundInCircles) {
  const Problems problems = problems_after({{"/traffic/0/attributes",
                                             R"({"user": {"of": "model", "uniform": {"count": 2}},
            "tier": {"of": "user", "uniform": {"count": 2}},
            "model": {"of": "tier", "uniform": {"count": 2}},
            "beside": {"of": "model", "uniform": {"count": 2}}})"}});
  EXPECT_THAT(
      problems,
      ElementsAre(Problem{"/traffic/0/attributes/user/of", "must not depend on user itself"},
                  Problem{"/traffic/0/attributes/tier/of", "must not depend on tier itself"},
                  Problem{"/traffic/0/attributes/model/of", "must not depend on model itself"}));
}

TEST(ParseScenario, TheColumnsOfALogAreKnown) {
  const std::string log = R"({"trace": {"path": "a.log", "format": "common-log"}})";
  EXPECT_THAT(
      problems_after({{"/traffic/0", log}, {"/policy/limits/0/key", R"(["agent", "usr"])"}}),
      ElementsAre(
          Problem{"/policy/limits/0/key/0",
                  R"(unknown attribute "agent"; the traffic has ip, method, path, status, )"
                  "user"},
          Problem{"/policy/limits/0/key/1", R"(unknown attribute "usr"; did you mean "user"?)"}));
  EXPECT_THAT(problems_after({{"/traffic/0", log}, {"/policy/limits/0/cost", R"("tokens")"}}),
              ElementsAre(Problem{"/policy/limits/0/cost",
                                  R"(unknown cost "tokens"; the traffic has bytes)"}));
}

TEST(ParseScenario, TheColumnsOfAzuresTracesAreKnown) {
  const std::string trace = R"({"trace": {"path": "a.csv", "format": "azure-llm"}})";
  EXPECT_THAT(
      problems_after({{"/traffic/0", trace}, {"/policy/limits/0/cost", R"("token")"}}),
      ElementsAre(
          Problem{"/policy/limits/0/key/0", R"(unknown attribute "user"; the traffic has none)"},
          Problem{"/policy/limits/0/cost", R"(unknown cost "token"; did you mean "tokens"?)"}));
}

TEST(ParseScenario, ALongValueIsCutShortInItsMessage) {
  const std::string text = std::string(59, 'x') + "äy";
  const Problems problems = problems_after({{"/seed", '"' + text + '"'}});
  EXPECT_THAT(problems, ElementsAre(Problem{"/seed", "must be a whole number, got \"" +
                                                         std::string(59, 'x') + "…\""}));
}

TEST(ParseScenario, TablesByTwoAttributesAreTriedInAllCombinations) {
  // Trouble only where a small burst meets a rate of 0.
  const Problems problems =
      problems_after({{"/policy/limits/0",
                       R"({"algorithm": "gcra", "rate": {"by": "tier", "free": "1/s", "pro": "0/s"},
            "burst": {"by": "model", "large": 5, "default": 9}})"}});
  EXPECT_THAT(problems, ElementsAre(Problem{"/policy/limits/0/rate/pro",
                                            "must be above 0 (use deny-all to admit nothing)"}));
}

TEST(ParseScenario, TablesByOneAttributeMeetRowByRow) {
  // Whoever has burst 1 has rate 1/s: no combination of one's burst with the other's rate.
  const auto limit = [](const char* capacity, const char* initial) {
    return std::string(R"({"algorithm": "token-bucket", "rate": "1/s", "capacity": )") + capacity +
           R"(, "initial": )" + initial + "}";
  };
  EXPECT_THAT(
      problems_after({{"/policy/limits/0", limit(R"({"by": "tier", "free": 1, "pro": 10})",
                                                 R"({"by": "tier", "free": 1, "pro": 10})")}}),
      IsEmpty());
  EXPECT_EQ(
      problems_after({{"/policy/limits/0", limit(R"({"by": "tier", "free": 10, "pro": 1})",
                                                 R"({"by": "tier", "free": 10, "pro": 10})")}})
          .size(),
      1U);
}

}  // namespace
}  // namespace weir::scenario
