#include "limiter/redis_cell.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

RedisCell redis_cell(std::string_view settings) {
  return make<RedisCellEntry>(settings, from_noon);
}

// The table of redis-cell's own test, five back to back and one a second.
TEST(RedisCell, AnswersAsItsOwnTestExpects) {
  const RedisCell limiter = redis_cell("max_burst=4 count=1 period=1s");
  RedisCell::State state;
  struct Step {
    std::int64_t ms;
    Cost cost;
    bool allowed;
    std::int64_t remaining, reset_ms, retry_s;
  };
  const Step steps[] = {
      {0, 6, false, 5, 0, -1},      {0, 1, true, 4, 1000, -1},    {0, 1, true, 3, 2000, -1},
      {0, 1, true, 2, 3000, -1},    {0, 1, true, 1, 4000, -1},    {0, 1, true, 0, 5000, -1},
      {0, 1, false, 0, 5000, 1},    {3000, 1, true, 2, 3000, -1}, {3100, 1, true, 1, 3900, -1},
      {4000, 1, true, 1, 4000, -1}, {8000, 1, true, 4, 1000, -1}, {9500, 1, true, 4, 1000, -1},
      {9500, 0, true, 4, 1000, -1}, {9500, 2, true, 2, 3000, -1}, {9500, 5, false, 2, 3000, 3},
  };
  for (const Step& step : steps) {
    const Instant now = after_ms(step.ms);
    EXPECT_EQ(decide(limiter, state, now, step.cost).allowed, step.allowed) << step.ms;
    EXPECT_EQ(limiter.quota(state, now), (Quota{.limit = 5,
                                                .remaining = step.remaining,
                                                .reset_after = Duration::from_ms(step.reset_ms)}));
    if (step.allowed) continue;
    const auto retry = limiter.advertised_retry_after(state, now, step.cost);
    EXPECT_EQ(retry ? retry->ns() / 1'000'000'000 : -1, step.retry_s);
  }
}

TEST(RedisCell, CutsTheEmissionIntervalToNanoseconds) {
  const RedisCell limiter = redis_cell("max_burst=0 count=3 period=1s");
  RedisCell::State state;
  decide(limiter, state, noon);
  const Instant at = noon + Duration::from_ns(333'333'333);
  EXPECT_EQ(limiter.earliest(state, noon, 1), at);
  EXPECT_TRUE(is_first_admitted(limiter, state, at));
}

TEST(RedisCell, RoundsUpOnlyWholeMilliseconds) {
  const RedisCell limiter = redis_cell("max_burst=0 count=1 period=10s");
  RedisCell::State state;
  decide(limiter, state, noon);
  const auto retry_s = [&](Duration since) {
    return limiter.advertised_retry_after(state, noon + since, 1)->ns() / 1'000'000'000;
  };
  EXPECT_EQ(retry_s(Duration::from_seconds(9)), 1);
  EXPECT_EQ(retry_s(Duration::from_seconds(9) - one_ns), 1);
  EXPECT_EQ(retry_s(Duration::from_ms(8'999) + one_ns), 1);
  EXPECT_EQ(retry_s(Duration::from_ms(8'999)), 2);
  EXPECT_EQ(retry_s(Duration::from_seconds(10) - one_ns), 0);
}

TEST(RedisCell, HasAnAnswerForEveryCost) {
  const RedisCell limiter = redis_cell("max_burst=2 count=1 period=1s");
  RedisCell::State state;
  EXPECT_EQ(limiter.earliest(state, noon, 4), std::nullopt);
  EXPECT_FALSE(limiter.check(state, noon, largest_cost).allowed);
  EXPECT_TRUE(decide(limiter, state, noon, 3).allowed);
  const RedisCell::State before = state;
  EXPECT_TRUE(decide(limiter, state, noon, 0).allowed);
  EXPECT_EQ(state.tat_ns, before.tat_ns);
  EXPECT_EQ(limiter.bound(Duration()), 3);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(1) - one_ns), 3);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(1)), 4);
}

TEST(RedisCell, RefusesSettingsThatRedisCellCannotCount) {
  EXPECT_THAT(problem_of<RedisCellEntry>("max_burst=1 count=1 period=1500ms"),
              HasSubstr("period: must be a whole number of seconds"));
  EXPECT_THAT(problem_of<RedisCellEntry>("max_burst=1 count=1000000001 period=1s"),
              HasSubstr("count: must be at most one per nanosecond"));
  EXPECT_THAT(problem_of<RedisCellEntry>("max_burst=1000 count=1 period=3650d"),
              HasSubstr("max_burst: is too large"));
  EXPECT_EQ(problem_of<RedisCellEntry>("max_burst=1 count=1000000000 period=1s"), "");
}

TEST(RedisCell, RoundsItsReplyDown) {
  const RedisCell limiter = redis_cell("max_burst=2 count=3 period=1s");
  RedisCell::State state;
  decide(limiter, state, noon);
  // TAT is 333333333 ns ahead: 0 s and a part of more than 1 ms.
  EXPECT_EQ(limiter.advertised_quota(state, noon),
            (AdvertisedQuota{3, 2, Duration::from_seconds(1)}));
  // The last ns of the interval is cut away with its part of a microsecond.
  EXPECT_EQ(limiter.quota(state, noon + Duration::from_ns(333'333'332)).remaining, 2);
  EXPECT_EQ(limiter.advertised_quota(state, noon + Duration::from_ns(333'333'332)),
            (AdvertisedQuota{3, 3, Duration()}));
}

TEST(RedisCell, SaysNonsenseWhereAnIntervalIsBelowAMicrosecond) {
  const RedisCell limiter = redis_cell("max_burst=999 count=1000000000 period=1s");
  RedisCell::State state;
  EXPECT_EQ(limiter.advertised_quota(state, noon).remaining,
            std::numeric_limits<std::int64_t>::max());
  decide(limiter, state, noon, 1000);
  EXPECT_EQ(limiter.advertised_quota(state, noon).remaining, 0);
}

}  // namespace
}  // namespace weir::limiter
