#include "limiter/figma.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

TEST(Figma, ASixtiethLeavesTheWindowAtOnce) {
  const Figma limiter = make<FigmaEntry>("limit=3 window=1m");
  Figma::State state;
  EXPECT_TRUE(decide(limiter, state, after_ms(2'900)).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(3'000)).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(3'999)).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(3'999), 1), after_ms(62'000));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(62'000)));
  EXPECT_EQ(limiter.earliest(state, after_ms(3'999), 2), after_ms(63'000));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(63'000), 2));
  EXPECT_EQ(limiter.earliest(state, after_ms(3'999), 4), std::nullopt);
}

TEST(Figma, DeniedRequestsCount) {
  const Figma limiter = make<FigmaEntry>("limit=2 window=1m");
  Figma::State state;
  decide(limiter, state, noon, 2);
  EXPECT_FALSE(decide(limiter, state, after_ms(30'000)).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(60'000), 2).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(60'000), 1), after_ms(120'000));
}

TEST(Figma, CountsNoMoreThanMatters) {
  const Figma limiter = make<FigmaEntry>("limit=2 window=1m");
  Figma::State state;
  for (int i = 0; i < 3000; ++i) limiter.charge_denied(state, noon, largest_cost);
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = 2, .remaining = 0, .reset_after = Duration::from_seconds(60)}));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(60'000), 2));
}

TEST(Figma, TellsQuotaAndBound) {
  const Figma limiter = make<FigmaEntry>("limit=3 window=1m");
  Figma::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 3, .remaining = 3, .reset_after = {}}));
  decide(limiter, state, after_ms(500));
  EXPECT_EQ(limiter.quota(state, after_ms(700)),
            (Quota{.limit = 3, .remaining = 2, .reset_after = Duration::from_ms(59'300)}));
  EXPECT_EQ(limiter.bound(Duration::from_seconds(59)), 3);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(59) + one_ns), 6);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 3), std::nullopt);
  EXPECT_EQ(limiter.advertised_quota(state, noon), AdvertisedQuota());
}

TEST(Figma, TakesWindowsOfSixtyParts) {
  EXPECT_THAT(problem_of<FigmaEntry>("limit=1 window=61ns"),
              HasSubstr("window: must be 60 times a whole number of nanoseconds"));
}

}  // namespace
}  // namespace weir::limiter
