#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "limiter/catalogue.hpp"
#include "scenario/model.hpp"
#include "scenario/scenario_for_test.hpp"

namespace weir::scenario {
namespace {

TEST(LimitFromWords, GivesValuesTheTypesOfTheFile) {
  const auto limit = limit_from_words(
      "token-bucket capacity=20 rate=5/s key=user,model cost=tokens name=x enforce=false");
  ASSERT_TRUE(limit) << limit.error().message;
  EXPECT_EQ(limit->dump(),
            R"({"algorithm":"token-bucket","capacity":20,"rate":"5/s","key":["user","model"],)"
            R"("cost":"tokens","name":"x","enforce":false})");
  const auto window =
      limit_from_words("  fixed-window limit=5\twindow=1h count_denied=true anchor=epoch key=");
  ASSERT_TRUE(window) << window.error().message;
  EXPECT_EQ(window->dump(),
            R"({"algorithm":"fixed-window","limit":5,"window":"1h","count_denied":true,)"
            R"("anchor":"epoch","key":[]})");
}

TEST(LimitFromWords, EveryExampleOfTheCatalogueIsALimitOfAScenario) {
  for (const limiter::AlgorithmInfo& info : limiter::catalogue()) {
    SCOPED_TRACE(info.id);
    const auto limit =
        limit_from_words(std::string(info.id) + ' ' + std::string(info.example) + " key=user");
    ASSERT_TRUE(limit) << limit.error().message;
    auto document = small_scenario();
    document["policy"]["limits"][0] = *limit;
    const auto scenario = read_scenario(document, {});
    EXPECT_TRUE(scenario) << scenario.error()[0].pointer << ": " << scenario.error()[0].message;
  }
}

struct WordsCase {
  std::string words;
  std::string message;
};

TEST(LimitFromWords, SaysEverythingThatIsWrong) {
  const std::vector<WordsCase> cases = {
      {"", "limit '': must be an algorithm and its parameters such as 'gcra rate=5/s burst=20'"},
      {"gcrra rate=5/s",
       R"(limit 'gcrra rate=5/s': unknown algorithm "gcrra"; did you mean "gcra"?)"},
      {"gcra rate=5/s",
       "limit 'gcra rate=5/s': burst: is required: how many units may come back "
       "to back"},
      {"gcra rate=5/s bursts=1",
       "limit 'gcra rate=5/s bursts=1': bursts: unknown; did you mean "
       "burst?"},
      {"gcra rate=5/s burst=1 window=1s",
       "limit 'gcra rate=5/s burst=1 window=1s': window: unknown; known for gcra: rate, burst, "
       "name, key, cost, enforce"},
      {"gcra rate=5/s burst=0",
       "limit 'gcra rate=5/s burst=0': burst: must be from 1 to "
       "9007199254740992, got 0"},
      {"gcra rate=5/s burst=1 burst=2",
       "limit 'gcra rate=5/s burst=1 burst=2': burst: is given "
       "twice"},
      {"gcra rate=5/s burst=1 loose enforce=maybe",
       "limit 'gcra rate=5/s burst=1 loose enforce=maybe': loose: must be NAME=VALUE; enforce: "
       "must be true or false, got \"maybe\""},
  };
  for (const WordsCase& one : cases) {
    SCOPED_TRACE(one.words);
    const auto limit = limit_from_words(one.words);
    ASSERT_FALSE(limit);
    EXPECT_EQ(limit.error().kind, ErrorKind::usage);
    EXPECT_EQ(limit.error().message, one.message);
  }
}

}  // namespace
}  // namespace weir::scenario
