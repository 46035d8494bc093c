#include "limiter/go_throttled.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

GoThrottled go_throttled(std::string_view settings) {
  return make<GoThrottledEntry>(settings, from_noon);
}

// The table of the library's own test: five back to back, one a second.
TEST(GoThrottled, AnswersAsItsOwnTestExpects) {
  const GoThrottled limiter = go_throttled("rate=1/s max_burst=4");
  GoThrottled::State state;
  struct Step {
    std::int64_t ms;
    Cost cost;
    bool allowed;
    std::int64_t remaining, reset_ms, retry_s;
  };
  const Step steps[] = {
      {0, 6, false, 5, 0, -1},      {0, 1, true, 4, 1000, -1},    {0, 1, true, 3, 2000, -1},
      {0, 1, true, 2, 3000, -1},    {0, 1, true, 1, 4000, -1},    {0, 1, true, 0, 5000, -1},
      {0, 1, false, 0, 5000, 1},    {3000, 1, true, 2, 3000, -1}, {3100, 1, true, 1, 3900, -1},
      {4000, 1, true, 1, 4000, -1}, {8000, 1, true, 4, 1000, -1}, {9500, 1, true, 4, 1000, -1},
      {9500, 0, true, 4, 1000, -1}, {9500, 2, true, 2, 3000, -1}, {9500, 5, false, 2, 3000, 3},
  };
  for (const Step& step : steps) {
    const Instant now = after_ms(step.ms);
    EXPECT_EQ(decide(limiter, state, now, step.cost).allowed, step.allowed) << step.ms;
    EXPECT_EQ(limiter.quota(state, now), (Quota{.limit = 5,
                                                .remaining = step.remaining,
                                                .reset_after = Duration::from_ms(step.reset_ms)}));
    if (step.allowed) continue;
    const auto retry = limiter.advertised_retry_after(state, now, step.cost);
    EXPECT_EQ(retry ? retry->ns() / 1'000'000'000 : -1, step.retry_s);
  }
}

TEST(GoThrottled, CutsItsIntervalToNanoseconds) {
  const GoThrottled limiter = go_throttled("rate=3/s max_burst=0");
  GoThrottled::State state;
  decide(limiter, state, noon);
  const Instant at = noon + Duration::from_ns(333'333'333);
  EXPECT_EQ(limiter.earliest(state, noon, 1), at);
  EXPECT_TRUE(is_first_admitted(limiter, state, at));
}

TEST(GoThrottled, RoundsItsHeadersUp) {
  const GoThrottled limiter = go_throttled("rate=1/1m max_burst=1");
  GoThrottled::State state;
  decide(limiter, state, noon, 2);
  const auto told = [&](Instant now) { return limiter.advertised_quota(state, now); };
  EXPECT_EQ(told(noon), (AdvertisedQuota{2, 0, Duration::from_seconds(120)}));
  EXPECT_EQ(told(noon + one_ns), (AdvertisedQuota{2, 0, Duration::from_seconds(120)}));
  EXPECT_EQ(told(after_ms(60'000)), (AdvertisedQuota{2, 1, Duration::from_seconds(60)}));
  EXPECT_EQ(limiter.advertised_retry_after(state, noon + one_ns, 1), Duration::from_seconds(60));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(59'000), 1), Duration::from_seconds(1));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(60'000) - one_ns, 1),
            Duration::from_seconds(1));
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 3), std::nullopt);
}

TEST(GoThrottled, RefusesWhatItCannotCount) {
  EXPECT_THAT(problem_of<GoThrottledEntry>("rate=0/s max_burst=1"), HasSubstr("rate: must be"));
  EXPECT_THAT(problem_of<GoThrottledEntry>("rate=2/ns max_burst=1"), HasSubstr("rate: must be"));
  EXPECT_THAT(problem_of<GoThrottledEntry>("rate=1/3650d max_burst=1000"),
              HasSubstr("max_burst: is too large"));
}

}  // namespace
}  // namespace weir::limiter
