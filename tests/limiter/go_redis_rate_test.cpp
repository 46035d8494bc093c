#include "limiter/go_redis_rate.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

constexpr Duration one_us = Duration::from_us(1);

TEST(GoRedisRate, LetsInTheBurstAndNotOneMore) {
  const GoRedisRate limiter = make<GoRedisRateEntry>("rate=4/s burst=4");
  GoRedisRate::State state;
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(decide(limiter, state, noon).allowed);
  EXPECT_FALSE(decide(limiter, state, noon).allowed);
  EXPECT_EQ(limiter.earliest(state, noon, 1), after_ms(250));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(250)));
  EXPECT_EQ(limiter.earliest(state, noon, 5), std::nullopt);
}

TEST(GoRedisRate, ItsClockShowsMicroseconds) {
  const GoRedisRate limiter = make<GoRedisRateEntry>("rate=1/s burst=1");
  GoRedisRate::State state;
  decide(limiter, state, noon + Duration::from_ns(999));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1000)));
}

// 0.1 s is no double; each sum rounds to what a double can hold of 283 million seconds.
TEST(GoRedisRate, RoundingCanDenyTheLastOfABurst) {
  const GoRedisRate limiter = make<GoRedisRateEntry>("rate=10/s burst=10");
  int early = 0;
  for (int run = 0; run < 100; ++run) {
    const Instant now = after_ms(run * 1234) + one_us * run;
    GoRedisRate::State state;
    for (int i = 0; i < 9; ++i) EXPECT_TRUE(decide(limiter, state, now).allowed);
    if (decide(limiter, state, now).allowed) continue;
    ++early;
    EXPECT_LE(*limiter.earliest(state, now, 1), now + one_us * 2);
  }
  EXPECT_GT(early, 0);
}

TEST(GoRedisRate, TellsItsCallerWhatItsScriptAnswers) {
  const GoRedisRate limiter = make<GoRedisRateEntry>("rate=4/s burst=8");
  GoRedisRate::State state;
  EXPECT_EQ(limiter.advertised_quota(state, noon), (AdvertisedQuota{8, 8, Duration()}));
  decide(limiter, state, noon, 3);
  EXPECT_EQ(limiter.advertised_quota(state, noon), (AdvertisedQuota{8, 5, Duration::from_ms(750)}));
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(249)).remaining, 5);
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(250)).remaining, 6);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), std::nullopt);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 7), Duration::from_ms(500));
}

TEST(GoRedisRate, ShowsFourteenDigits) {
  const GoRedisRate limiter = make<GoRedisRateEntry>("rate=1/3s burst=1");
  GoRedisRate::State state;
  decide(limiter, state, noon);
  // 3 - 0.123457 s, off by up to the 6e-8 s between two doubles there, and cut to nanoseconds.
  const Duration told =
      *limiter.advertised_retry_after(state, noon + Duration::from_us(123'457), 1);
  EXPECT_NEAR(static_cast<double>(told.ns()), 2'876'543'000.0, 60.0);
  EXPECT_NE(told.ns(), 2'876'543'000);
}

TEST(GoRedisRate, TellsQuotaAndBound) {
  const GoRedisRate limiter = make<GoRedisRateEntry>("rate=4/s burst=8");
  GoRedisRate::State state;
  decide(limiter, state, noon, 8);
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = 8, .remaining = 0, .reset_after = Duration::from_seconds(2)}));
  EXPECT_EQ(limiter.bound(Duration()), 8);
  EXPECT_EQ(limiter.bound(Duration::from_ms(249)), 8);
  EXPECT_EQ(limiter.bound(Duration::from_ms(250)), 9);
  EXPECT_EQ(make<GoRedisRateEntry>("rate=1000000/s burst=8").bound(Duration()), std::nullopt);
  EXPECT_EQ(problem_of<GoRedisRateEntry>("rate=0/s burst=1"), "rate: must be above 0");
}

}  // namespace
}  // namespace weir::limiter
