#include "limiter/node_fastify_rate_limit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

TEST(NodeFastifyRateLimit, BeginsAWindowAtItsEnd) {
  const NodeFastifyRateLimit limiter = make<NodeFastifyRateLimitEntry>("max=2 time_window=1s");
  NodeFastifyRateLimit::State state;
  for (const bool allowed : {true, true, false}) {
    EXPECT_EQ(decide(limiter, state, after_ms(250)).allowed, allowed);
  }
  EXPECT_EQ(state.count, 3);
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1250)));
}

TEST(NodeFastifyRateLimit, AdvertisesSecondsRoundedUp) {
  const NodeFastifyRateLimit limiter = make<NodeFastifyRateLimitEntry>("max=2 time_window=2s");
  NodeFastifyRateLimit::State state;
  decide(limiter, state, noon);
  const auto told = [](std::int64_t remaining, std::int64_t reset_s) {
    return AdvertisedQuota{2, remaining, Duration::from_seconds(reset_s)};
  };
  EXPECT_EQ(limiter.advertised_quota(state, noon), told(1, 2));
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(999)), told(1, 2));
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(1000)), told(1, 1));
  decide(limiter, state, after_ms(1999), 5);
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(1999)), told(0, 1));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(1999), 1), Duration::from_seconds(1));
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(2000)), told(2, 2));
}

TEST(NodeFastifyRateLimit, CountsInMilliseconds) {
  EXPECT_THAT(problem_of<NodeFastifyRateLimitEntry>("time_window=1000001ns"),
              HasSubstr("time_window: must be a whole number of milliseconds"));
  EXPECT_EQ(problem_of<NodeFastifyRateLimitEntry>("max=1"), "");
}

TEST(NodeFastifyRateLimit, MayDenyAll) {
  const NodeFastifyRateLimit limiter = make<NodeFastifyRateLimitEntry>("max=0");
  EXPECT_FALSE(limiter.check({}, noon - one_ns, 1).allowed);
  EXPECT_EQ(limiter.earliest({}, noon, 1), std::nullopt);
}

}  // namespace
}  // namespace weir::limiter
