#include "limiter/go_x_time_rate.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

TEST(GoXTimeRate, StartsFullAndRefills) {
  const GoXTimeRate limiter = make<GoXTimeRateEntry>("rate=10/s burst=3");
  GoXTimeRate::State state;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(decide(limiter, state, noon).allowed);
  EXPECT_FALSE(decide(limiter, state, noon).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(99)).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(100)).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(100)).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(1'000'000), 4).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(1'000'000), 3).allowed);
}

TEST(GoXTimeRate, LetsInWhatLacksLessThanANanosecondsWorth) {
  const GoXTimeRate limiter = make<GoXTimeRateEntry>("rate=3/s burst=1");
  GoXTimeRate::State state;
  decide(limiter, state, noon);
  // A third of a second is 333333333.33 ns; at 333333333 a token lacks 1e-9, a third of a ns.
  const Instant at = noon + Duration::from_ns(333'333'333);
  EXPECT_EQ(limiter.earliest(state, noon, 1), at);
  EXPECT_TRUE(is_first_admitted(limiter, state, at));
  decide(limiter, state, at);
  EXPECT_LT(state.tokens, 0.0);
}

TEST(GoXTimeRate, GivesTheBurstOnceAtARateOfZero) {
  const GoXTimeRate limiter = make<GoXTimeRateEntry>("rate=0/s burst=2");
  GoXTimeRate::State state;
  EXPECT_TRUE(decide(limiter, state, noon, 2).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(1'000'000'000)).allowed);
  EXPECT_EQ(limiter.earliest(state, noon, 1), std::nullopt);
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = 2, .remaining = 0, .reset_after = Duration::max()}));
}

TEST(GoXTimeRate, AdmitsNothingWithABurstOfZero) {
  const GoXTimeRate limiter = make<GoXTimeRateEntry>("rate=5/s burst=0");
  EXPECT_FALSE(limiter.check({}, noon, 1).allowed);
  EXPECT_EQ(limiter.earliest({}, noon, 1), std::nullopt);
  EXPECT_TRUE(limiter.check({}, noon, 0).allowed);
}

TEST(GoXTimeRate, EarnsTheSameTimeTwiceWhenTheClockGoesBack) {
  const GoXTimeRate limiter = make<GoXTimeRateEntry>("rate=1/s burst=2");
  GoXTimeRate::State state;
  EXPECT_TRUE(decide(limiter, state, after_ms(1000)).allowed);
  EXPECT_TRUE(decide(limiter, state, noon).allowed);
  EXPECT_FALSE(decide(limiter, state, noon).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(1000)).allowed);
}

TEST(GoXTimeRate, StoresTokensEvenForACostOfZero) {
  const GoXTimeRate limiter = make<GoXTimeRateEntry>("rate=1/s burst=2");
  GoXTimeRate::State state;
  decide(limiter, state, noon, 2);
  EXPECT_TRUE(decide(limiter, state, after_ms(500), 0).allowed);
  EXPECT_EQ(state.tokens, 0.5);
  EXPECT_EQ(state.last_ns, after_ms(500).unix_ns());
}

TEST(GoXTimeRate, TellsQuotaAndBound) {
  const GoXTimeRate limiter = make<GoXTimeRateEntry>("rate=4/s burst=8");
  GoXTimeRate::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 8, .remaining = 8, .reset_after = {}}));
  decide(limiter, state, noon, 5);
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = 8, .remaining = 3, .reset_after = Duration::from_ms(1250)}));
  EXPECT_EQ(limiter.bound(Duration()), 8);
  EXPECT_EQ(limiter.bound(Duration::from_ms(249)), 8);
  EXPECT_EQ(limiter.bound(Duration::from_ms(250)), 9);
}

TEST(GoXTimeRate, StaysInRangeAtTheLargestSettings) {
  const GoXTimeRate slow = make<GoXTimeRateEntry>("rate=1/3660d burst=281474976710656");
  GoXTimeRate::State state;
  EXPECT_TRUE(decide(slow, state, noon, std::int64_t{1} << 48).allowed);
  EXPECT_FALSE(decide(slow, state, noon, largest_cost).allowed);
  // 10 years away, and far beyond the end of time.
  EXPECT_TRUE(is_first_admitted(slow, state, *slow.earliest(state, noon, 1)));
  EXPECT_EQ(slow.earliest(state, noon, 1000), std::nullopt);
  const GoXTimeRate fast = make<GoXTimeRateEntry>("rate=9007199254740992/ns burst=5");
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(decide(fast, state, noon).allowed);
}

TEST(GoXTimeRate, TellsItsCallerNothing) {
  const GoXTimeRate limiter = make<GoXTimeRateEntry>("rate=1/s burst=1");
  GoXTimeRate::State state;
  decide(limiter, state, noon);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), std::nullopt);
  EXPECT_EQ(limiter.advertised_quota(state, noon), AdvertisedQuota());
}

}  // namespace
}  // namespace weir::limiter
