#include "limiter/dotnet_sliding_window.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

TEST(DotnetSlidingWindow, GivesASegmentBackAWindowLater) {
  const DotnetSlidingWindow limiter =
      make<DotnetSlidingWindowEntry>("permit_limit=3 window=30s segments_per_window=3", from_noon);
  DotnetSlidingWindow::State state;
  EXPECT_TRUE(decide(limiter, state, after_ms(9'999), 2).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(10'000)).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(10'000), 1), after_ms(30'000));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(30'000), 2));
  EXPECT_EQ(limiter.earliest(state, after_ms(10'000), 3), after_ms(40'000));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(40'000), 3));
  EXPECT_EQ(limiter.earliest(state, after_ms(10'000), 4), std::nullopt);
}

TEST(DotnetSlidingWindow, ItsTimerCutsSegmentsToMilliseconds) {
  const DotnetSlidingWindow limiter =
      make<DotnetSlidingWindowEntry>("permit_limit=1 window=1s segments_per_window=3", from_noon);
  DotnetSlidingWindow::State state;
  decide(limiter, state, noon);
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(999)));
}

TEST(DotnetSlidingWindow, ACostOfZeroAsksWhetherAnyPermitIsLeft) {
  const DotnetSlidingWindow limiter =
      make<DotnetSlidingWindowEntry>("permit_limit=2 window=2s segments_per_window=2", from_noon);
  DotnetSlidingWindow::State state;
  EXPECT_TRUE(decide(limiter, state, noon, 0).allowed);
  decide(limiter, state, noon);
  decide(limiter, state, after_ms(1'000));
  EXPECT_FALSE(decide(limiter, state, after_ms(1'000), 0).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(1'000), 0), after_ms(2'000));
}

TEST(DotnetSlidingWindow, TellsQuotaAndBoundAndItsClientsNothing) {
  const DotnetSlidingWindow limiter =
      make<DotnetSlidingWindowEntry>("permit_limit=3 window=2s segments_per_window=2", from_noon);
  DotnetSlidingWindow::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 3, .remaining = 3, .reset_after = {}}));
  decide(limiter, state, after_ms(400));
  EXPECT_EQ(limiter.quota(state, after_ms(400)),
            (Quota{.limit = 3, .remaining = 2, .reset_after = Duration::from_ms(1'600)}));
  EXPECT_EQ(limiter.bound(Duration::from_seconds(1)), 3);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(1) + one_ns), 6);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 3), std::nullopt);
  EXPECT_EQ(limiter.advertised_quota(state, noon), AdvertisedQuota());
}

TEST(DotnetSlidingWindow, RefusesSegmentsThatNoTimerHas) {
  const auto problem = [](std::string_view settings) {
    return problem_of<DotnetSlidingWindowEntry>(settings);
  };
  EXPECT_EQ(problem("permit_limit=1 window=7ms segments_per_window=7"), "");
  EXPECT_THAT(problem("permit_limit=1 window=7ms segments_per_window=8"),
              HasSubstr("segments_per_window: must be at most one per millisecond"));
  EXPECT_THAT(problem("permit_limit=1 window=1500us segments_per_window=1"),
              HasSubstr("window: must be a whole number of milliseconds"));
}

}  // namespace
}  // namespace weir::limiter
