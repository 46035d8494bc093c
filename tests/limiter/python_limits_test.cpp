#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "limiter/entry_support.hpp"
#include "limiter/python_limits_fixed_window.hpp"
#include "limiter/python_limits_moving_window.hpp"
#include "limiter/python_limits_sliding_window_counter.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

constexpr Duration seconds(std::int64_t s) { return Duration::from_seconds(s); }

/// What a limiter of three a second answers to the trace that the library itself was given.
template <class PythonEntry>
std::string answers_to_the_trace() {
  const auto limiter = make<PythonEntry>("limit=3 window=1s");
  typename PythonEntry::Limiter::State state;
  std::string answers;
  for (const std::int64_t ms :
       {0, 100, 200, 300, 400, 950, 1000, 1010, 1100, 1250, 1500, 1900, 2000, 2100}) {
    answers += decide(limiter, state, after_ms(ms)).allowed ? '1' : '0';
  }
  return answers;
}

TEST(PythonLimits, AnswerTheTraceAsTheLibraryDoes) {
  EXPECT_EQ(answers_to_the_trace<PythonLimitsFixedWindowEntry>(), "11100011100011");
  EXPECT_EQ(answers_to_the_trace<PythonLimitsMovingWindowEntry>(), "11100001011001");
  EXPECT_EQ(answers_to_the_trace<PythonLimitsSlidingWindowCounterEntry>(), "11100001001101");
}

TEST(PythonLimits, TakeWholeSeconds) {
  const auto expected = HasSubstr("window: must be a whole number of seconds");
  EXPECT_THAT(problem_of<PythonLimitsFixedWindowEntry>("limit=1 window=1500ms"), expected);
  EXPECT_THAT(problem_of<PythonLimitsMovingWindowEntry>("limit=1 window=1500ms"), expected);
  EXPECT_THAT(problem_of<PythonLimitsSlidingWindowCounterEntry>("limit=1 window=1500ms"), expected);
}

TEST(PythonTime, StandsStillAndNeverGoesBack) {
  EXPECT_EQ(python_time(noon), 1'767'268'800.0);
  EXPECT_EQ(python_time(noon + Duration::from_ns(100)), python_time(noon));
  EXPECT_GT(python_time(noon + Duration::from_ns(200)), python_time(noon));
}

// ---- Fixed window

TEST(PythonLimitsFixedWindow, EndsWhereTheClockHasReachedTheExpiry) {
  const auto limiter = make<PythonLimitsFixedWindowEntry>("limit=1 window=10s");
  PythonLimitsFixedWindow::State state;
  decide(limiter, state, after_ms(250));
  EXPECT_FALSE(decide(limiter, state, after_ms(250)).allowed);
  EXPECT_EQ(state.count, 2);
  const Instant at = *limiter.earliest(state, after_ms(250), 1);
  EXPECT_TRUE(is_first_admitted(limiter, state, at));
  // Within the clock's steps around 10.25 s.
  EXPECT_LE((after_ms(10'250) - at).ns(), 300);
  EXPECT_GE((after_ms(10'250) - at).ns(), 0);
  EXPECT_EQ(limiter.earliest(state, after_ms(250), 2), std::nullopt);
}

TEST(PythonLimitsFixedWindow, AdvertisesAsFlaskLimiterDoes) {
  const auto limiter = make<PythonLimitsFixedWindowEntry>("limit=3 window=10s");
  PythonLimitsFixedWindow::State state;
  decide(limiter, state, after_ms(250), 2);
  // The window ends at 10.25 s, and a second is added before the fraction is cut off.
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(250)),
            (AdvertisedQuota{3, 1, Duration::from_ms(10'750)}));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(250), 2), seconds(10));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(10'000), 2), seconds(1));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(10'001), 2), seconds(0));
  decide(limiter, state, after_ms(9'000), 2);
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(9'000)), (AdvertisedQuota{3, 0, seconds(2)}));
}

TEST(PythonLimitsFixedWindow, TellsQuotaAndBound) {
  const auto limiter = make<PythonLimitsFixedWindowEntry>("limit=3 window=10s");
  PythonLimitsFixedWindow::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 3, .remaining = 3, .reset_after = {}}));
  decide(limiter, state, noon, 5);
  EXPECT_EQ(limiter.quota(state, noon).remaining, 0);
  EXPECT_EQ(limiter.bound(Duration()), 3);
  EXPECT_EQ(limiter.bound(seconds(9)), 6);
}

// ---- Moving window

TEST(PythonLimitsMovingWindow, AHitExactlyAWindowOldStillCountsButIsNotToldOf) {
  const auto limiter = make<PythonLimitsMovingWindowEntry>("limit=3 window=1s");
  PythonLimitsMovingWindow::State state;
  for (const std::int64_t ms : {0, 100, 200}) decide(limiter, state, after_ms(ms));
  EXPECT_FALSE(limiter.check(state, after_ms(1'000), 1).allowed);
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(1'000)).remaining, 1);
  const Instant at = *limiter.earliest(state, after_ms(1'000), 1);
  EXPECT_TRUE(is_first_admitted(limiter, state, at));
  EXPECT_GT(at, after_ms(1'000));
  EXPECT_LT((at - after_ms(1'000)).ns(), 240);
}

TEST(PythonLimitsMovingWindow, AdvertisesTheOldestHitsEnd) {
  const auto limiter = make<PythonLimitsMovingWindowEntry>("limit=3 window=10s");
  PythonLimitsMovingWindow::State state;
  EXPECT_EQ(limiter.advertised_quota(state, noon), (AdvertisedQuota{3, 3, seconds(11)}));
  decide(limiter, state, after_ms(500), 2);
  decide(limiter, state, after_ms(4'000), 1);
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(4'000)), (AdvertisedQuota{3, 0, seconds(7)}));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(4'000), 1), seconds(7));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(4'001), 1), seconds(6));
  // The two oldest hits are gone.
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(11'000)), (AdvertisedQuota{3, 2, seconds(4)}));
}

TEST(PythonLimitsMovingWindow, TellsQuotaAndBound) {
  const auto limiter = make<PythonLimitsMovingWindowEntry>("limit=3 window=10s");
  PythonLimitsMovingWindow::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 3, .remaining = 3, .reset_after = {}}));
  decide(limiter, state, noon, 2);
  EXPECT_EQ(limiter.quota(state, noon).remaining, 1);
  EXPECT_EQ(limiter.earliest(state, noon, 4), std::nullopt);
  EXPECT_EQ(limiter.bound(seconds(9)), 3);
  EXPECT_EQ(limiter.bound(seconds(10)), 6);
}

// ---- Sliding window counter

TEST(PythonLimitsSlidingWindowCounter, RoundsWhatTheWindowBeforeCountsForDown) {
  const auto limiter = make<PythonLimitsSlidingWindowCounterEntry>("limit=4 window=10s");
  PythonLimitsSlidingWindowCounter::State state;
  decide(limiter, state, after_ms(9'000), 4);
  // 4 left / 10 has to fall below 4, which the very beginning of the window does not.
  EXPECT_FALSE(limiter.check(state, after_ms(10'000), 1).allowed);
  const Instant at = *limiter.earliest(state, after_ms(9'000), 1);
  EXPECT_TRUE(is_first_admitted(limiter, state, at));
  EXPECT_LT((at - after_ms(10'000)).ns(), 1'000);
  EXPECT_GT(at, after_ms(10'000));
  // 2 of 4 fit once less than 3 count, from 12.5 s on.
  const Instant two = *limiter.earliest(state, after_ms(9'000), 2);
  EXPECT_TRUE(is_first_admitted(limiter, state, two, 2));
  EXPECT_LT((two - after_ms(12'500)).ns(), 1'000);
  EXPECT_EQ(limiter.earliest(state, after_ms(9'000), 5), std::nullopt);
}

TEST(PythonLimitsSlidingWindowCounter, AdvertisesWhenTheNextOneFades) {
  const auto limiter = make<PythonLimitsSlidingWindowCounterEntry>("limit=4 window=10s");
  PythonLimitsSlidingWindowCounter::State state;
  EXPECT_EQ(limiter.advertised_quota(state, noon), (AdvertisedQuota{4, 4, seconds(1)}));
  decide(limiter, state, after_ms(3'500), 2);
  // 6.5 s of this window are left: reset at 10 s.
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(3'500)),
            (AdvertisedQuota{4, 2, Duration::from_ms(7'500)}));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(3'500), 3), seconds(7));
  // Of two that fade in 5 s each, the next is gone at 15 s; 2 7 / 10 is rounded down.
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(13'000)), (AdvertisedQuota{4, 3, seconds(3)}));
  decide(limiter, state, after_ms(16'000));
  // The next fades at 20 s, where this window ends too.
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(16'000)), (AdvertisedQuota{4, 3, seconds(5)}));
}

TEST(PythonLimitsSlidingWindowCounter, TellsQuotaAndBound) {
  const auto limiter = make<PythonLimitsSlidingWindowCounterEntry>("limit=4 window=10s");
  PythonLimitsSlidingWindowCounter::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 4, .remaining = 4, .reset_after = {}}));
  decide(limiter, state, noon, 3);
  EXPECT_EQ(limiter.quota(state, noon).remaining, 1);
  EXPECT_EQ(limiter.bound(Duration()), 4);
  EXPECT_EQ(limiter.bound(seconds(9)), 8);
}

}  // namespace
}  // namespace weir::limiter
