#include "limiter/node_rate_limiter_flexible.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

TEST(NodeRateLimiterFlexible, ConsumesPointsOfRejectedRequestsToo) {
  const NodeRateLimiterFlexible limiter =
      make<NodeRateLimiterFlexibleEntry>("points=3 duration=1500ms");
  NodeRateLimiterFlexible::State state;
  EXPECT_TRUE(decide(limiter, state, after_ms(100), 2).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(100), 2).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(1600) - one_ns, 1).allowed);
  EXPECT_EQ(state.count, 5);
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1600)));
}

TEST(NodeRateLimiterFlexible, AnswersPointsAndMilliseconds) {
  const NodeRateLimiterFlexible limiter =
      make<NodeRateLimiterFlexibleEntry>("points=3 duration=1s");
  NodeRateLimiterFlexible::State state;
  decide(limiter, state, noon, 2);
  EXPECT_EQ(limiter.advertised_quota(state, noon),
            (AdvertisedQuota{std::nullopt, 1, Duration::from_seconds(1)}));
  decide(limiter, state, after_ms(3) - one_ns, 2);
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(3) - one_ns),
            (AdvertisedQuota{std::nullopt, 0, Duration::from_ms(998)}));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(3), 2), Duration::from_ms(997));
}

TEST(NodeRateLimiterFlexible, CountsInMilliseconds) {
  EXPECT_THAT(problem_of<NodeRateLimiterFlexibleEntry>("duration=1100us"),
              HasSubstr("duration: must be a whole number of milliseconds"));
  EXPECT_EQ(problem_of<NodeRateLimiterFlexibleEntry>(""), "");
}

}  // namespace
}  // namespace weir::limiter
