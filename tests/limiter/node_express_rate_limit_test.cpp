#include "limiter/node_express_rate_limit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

// Captured from the middleware: windowMs 10000, limit 2.
TEST(NodeExpressRateLimit, AdvertisesWhatWasCaptured) {
  const NodeExpressRateLimit limiter = make<NodeExpressRateLimitEntry>("limit=2 window=10s");
  NodeExpressRateLimit::State state;
  constexpr Instant first = Instant::from_unix_ns(1'795'309'577'500'000'000);
  decide(limiter, state, first);
  const AdvertisedQuota told = limiter.advertised_quota(state, first);
  EXPECT_EQ(told.limit, 2);
  EXPECT_EQ(told.remaining, 1);
  EXPECT_EQ(first + told.reset_after.value(), Instant::from_unix_seconds(1'795'309'588));
  decide(limiter, state, first);
  EXPECT_FALSE(decide(limiter, state, first).allowed);
  EXPECT_EQ(limiter.advertised_quota(state, first).remaining, 0);
  EXPECT_EQ(limiter.advertised_retry_after(state, first, 1), Duration::from_seconds(10));
}

TEST(NodeExpressRateLimit, RoundsWaitsUp) {
  const NodeExpressRateLimit limiter = make<NodeExpressRateLimitEntry>("limit=1 window=2s");
  NodeExpressRateLimit::State state;
  decide(limiter, state, noon);
  const auto retry_s = [&](Instant now) {
    return limiter.advertised_retry_after(state, now, 1)->ns() / 1'000'000'000;
  };
  EXPECT_EQ(retry_s(noon), 2);
  EXPECT_EQ(retry_s(after_ms(1) - one_ns), 2);
  EXPECT_EQ(retry_s(after_ms(999)), 2);
  EXPECT_EQ(retry_s(after_ms(1000)), 1);
  EXPECT_EQ(retry_s(after_ms(2000) - one_ns), 1);
  EXPECT_EQ(limiter.advertised_quota(state, noon).reset_after, Duration::from_seconds(2));
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(1999)).reset_after, Duration::from_ms(1));
}

TEST(NodeExpressRateLimit, DenialsCountToTheEndOfTheWindow) {
  const NodeExpressRateLimit limiter = make<NodeExpressRateLimitEntry>("limit=2 window=1s");
  NodeExpressRateLimit::State state;
  for (int i = 0; i < 5; ++i) decide(limiter, state, after_ms(250));
  EXPECT_EQ(state.count, 5);
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1250)));
}

TEST(NodeExpressRateLimit, CountsInMilliseconds) {
  EXPECT_THAT(problem_of<NodeExpressRateLimitEntry>("window=1500us"),
              HasSubstr("window: must be a whole number of milliseconds"));
  EXPECT_EQ(problem_of<NodeExpressRateLimitEntry>("window=1500ms"), "");
}

}  // namespace
}  // namespace weir::limiter
