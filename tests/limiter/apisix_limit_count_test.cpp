#include "limiter/apisix_limit_count.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

ApisixFixedWindow apisix_fixed(std::string_view settings) {
  return std::get<ApisixFixedWindow>(make<ApisixLimitCountEntry>(settings));
}
ApisixSlidingWindow apisix_sliding(std::string settings) {
  return std::get<ApisixSlidingWindow>(
      make<ApisixLimitCountEntry>(settings + " window_type=sliding"));
}

TEST(ApisixLimitCount, FixedWindowsCountDenialsFromTheFirstRequest) {
  const ApisixFixedWindow limiter = apisix_fixed("count=2 time_window=10s");
  ApisixFixedWindow::State state;
  for (const bool allowed : {true, true, false, false}) {
    EXPECT_EQ(decide(limiter, state, after_ms(2'345)).allowed, allowed);
  }
  EXPECT_EQ(state.count, 4);
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(12'346)));
}

TEST(ApisixLimitCount, FixedWindowsAdvertiseADifferenceOfWholeSeconds) {
  const ApisixFixedWindow limiter = apisix_fixed("count=2 time_window=10s");
  ApisixFixedWindow::State state;
  decide(limiter, state, after_ms(2'999));
  const auto told = [](std::int64_t remaining, std::int64_t reset_s) {
    return AdvertisedQuota{2, remaining, Duration::from_seconds(reset_s)};
  };
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(2'999)), told(1, 10));
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(3'000)), told(1, 9));
  decide(limiter, state, after_ms(3'000), 3);
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(12'999)), told(0, 0));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(3'000), 1), std::nullopt);
}

TEST(ApisixLimitCount, SlidingWindowsExpectTheRateOfTheOneBefore) {
  const ApisixSlidingWindow limiter = apisix_sliding("count=4 time_window=10s");
  ApisixSlidingWindow::State state;
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(decide(limiter, state, after_ms(9'000)).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(9'000)).allowed);
  // 4 / 10 s times the rest has to be below 4, and then below 3.
  EXPECT_EQ(limiter.earliest(state, after_ms(9'000), 1), after_ms(10'001));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(10'001)));
  decide(limiter, state, after_ms(10'001));
  EXPECT_EQ(limiter.earliest(state, after_ms(10'001), 1), after_ms(12'501));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(12'501)));
  EXPECT_EQ(limiter.earliest(state, after_ms(10'001), 4), after_ms(20'001));
  EXPECT_EQ(limiter.earliest(state, after_ms(10'001), 5), std::nullopt);
}

TEST(ApisixLimitCount, SlidingWindowsAdvertiseHundredthsOfASecond) {
  const ApisixSlidingWindow limiter = apisix_sliding("count=4 time_window=10s");
  ApisixSlidingWindow::State state;
  for (int i = 0; i < 4; ++i) decide(limiter, state, after_ms(9'001));
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(9'001)),
            (AdvertisedQuota{4, 0, Duration::from_seconds(1)}));
  // The rest of the window where something is left; 4 - 4 (20 - 16) / 10 is 2.4, rounded down.
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(16'001)),
            (AdvertisedQuota{4, 2, Duration::from_seconds(4)}));
  // Until there is room where nothing is: 10 s - 1.5 s - (4 - 1) / 0.4 is 1 s.
  decide(limiter, state, after_ms(11'499));
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(11'500)),
            (AdvertisedQuota{4, 0, Duration::from_seconds(1)}));
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), std::nullopt);
}

TEST(ApisixLimitCount, SlidingWindowsTellQuotaAndBound) {
  const ApisixSlidingWindow limiter = apisix_sliding("count=4 time_window=10s");
  ApisixSlidingWindow::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 4, .remaining = 4, .reset_after = {}}));
  decide(limiter, state, noon, 3);
  EXPECT_EQ(limiter.quota(state, noon).remaining, 1);
  EXPECT_EQ(limiter.bound(Duration()), 4);
  EXPECT_EQ(limiter.bound(one_ns), 8);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(10) + one_ns), 12);
  EXPECT_TRUE(limiter.check(state, noon, 0).allowed);
}

TEST(ApisixLimitCount, TakesWholeSeconds) {
  EXPECT_THAT(problem_of<ApisixLimitCountEntry>("count=1 time_window=1500ms"),
              HasSubstr("time_window: must be a whole number of seconds"));
}

}  // namespace
}  // namespace weir::limiter
