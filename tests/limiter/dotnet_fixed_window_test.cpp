#include "limiter/dotnet_fixed_window.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

TEST(DotnetFixedWindow, FillsUpByATimerFromTheStart) {
  const DotnetFixedWindow limiter =
      make<DotnetFixedWindowEntry>("permit_limit=2 window=10s", from_noon);
  DotnetFixedWindow::State state;
  EXPECT_TRUE(decide(limiter, state, after_ms(9'000), 2).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(9'999)).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(9'999), 1), after_ms(10'000));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(10'000)));
  EXPECT_TRUE(decide(limiter, state, after_ms(10'000), 2).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(10'000), 3), std::nullopt);
}

TEST(DotnetFixedWindow, ACostOfZeroAsksWhetherAnyPermitIsLeft) {
  const DotnetFixedWindow limiter =
      make<DotnetFixedWindowEntry>("permit_limit=1 window=1s", from_noon);
  DotnetFixedWindow::State state;
  EXPECT_TRUE(decide(limiter, state, noon, 0).allowed);
  EXPECT_TRUE(decide(limiter, state, noon, 1).allowed);
  EXPECT_FALSE(decide(limiter, state, noon, 0).allowed);
  EXPECT_EQ(limiter.earliest(state, noon, 0), after_ms(1000));
}

TEST(DotnetFixedWindow, AdvertisesTheWholeWindow) {
  const DotnetFixedWindow limiter =
      make<DotnetFixedWindowEntry>("permit_limit=1 window=1500ms", from_noon);
  DotnetFixedWindow::State state;
  decide(limiter, state, noon);
  for (const std::int64_t ms : {0, 1'499}) {
    EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(ms), 1), Duration::from_ms(1'500));
  }
  EXPECT_EQ(limiter.advertised_quota(state, noon), AdvertisedQuota());
}

TEST(DotnetFixedWindow, TellsQuotaAndBound) {
  const DotnetFixedWindow limiter =
      make<DotnetFixedWindowEntry>("permit_limit=3 window=1s", from_noon);
  DotnetFixedWindow::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 3, .remaining = 3, .reset_after = {}}));
  decide(limiter, state, after_ms(400));
  EXPECT_EQ(limiter.quota(state, after_ms(400)),
            (Quota{.limit = 3, .remaining = 2, .reset_after = Duration::from_ms(600)}));
  EXPECT_EQ(limiter.bound(Duration()), 3);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(1)), 6);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(1) + one_ns), 9);
}

TEST(DotnetFixedWindow, TakesWholeMilliseconds) {
  EXPECT_THAT(problem_of<DotnetFixedWindowEntry>("permit_limit=1 window=1500us"),
              HasSubstr("window: must be a whole number of milliseconds"));
}

}  // namespace
}  // namespace weir::limiter
