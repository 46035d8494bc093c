#include "limiter/kong_redis.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

TEST(KongRedis, CountsDeniedRequests) {
  const KongWindow limiter = make<KongRedisEntry>("limit=2 period=minute");
  KongWindow::State state;
  for (const bool allowed : {true, true, false, false}) {
    EXPECT_EQ(decide(limiter, state, after_ms(59'999)).allowed, allowed);
  }
  EXPECT_EQ(state.usage, 4);
  EXPECT_EQ(limiter.earliest(state, after_ms(59'999), 1), after_ms(60'000));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(60'000)));
  EXPECT_EQ(limiter.quota(state, after_ms(59'999)),
            (Quota{.limit = 2, .remaining = 0, .reset_after = Duration::from_ms(1)}));
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(59'999)),
            (AdvertisedQuota{2, 0, Duration::from_seconds(1)}));
}

TEST(KongRedis, ARequestTooLargeUsesUpTheWindow) {
  const KongWindow limiter = make<KongRedisEntry>("limit=3 period=second");
  KongWindow::State state;
  EXPECT_FALSE(decide(limiter, state, after_ms(0), 4).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(1000) - one_ns, 1).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(1000), 3).allowed);
}

TEST(KongRedis, ADeniedRequestCanBeTheOneFromWhichTheCounterLives) {
  const KongWindow limiter = make<KongRedisEntry>("limit=1 period=month");
  const auto at = [](std::string_view text) { return parse_instant(text).value(); };
  KongWindow::State state;
  EXPECT_FALSE(decide(limiter, state, at("2026-03-01T06:00:00.25Z"), 2).allowed);
  EXPECT_TRUE(is_first_admitted(limiter, state, at("2026-03-31T06:00:00.251Z")));
}

TEST(KongRedis, CountsNoFurtherThanItsNumbersGo) {
  const KongWindow limiter = make<KongRedisEntry>("limit=0 period=year");
  KongWindow::State state;
  for (int i = 0; i < 3000; ++i) limiter.charge_denied(state, after_ms(0), largest_cost);
  EXPECT_FALSE(limiter.check(state, after_ms(0), 1).allowed);
  EXPECT_TRUE(limiter.check(state, after_ms(0), 0).allowed);
}

}  // namespace
}  // namespace weir::limiter
