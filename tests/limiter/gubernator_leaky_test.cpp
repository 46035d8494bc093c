#include "limiter/gubernator_leaky.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

// The steps of the server's own test of a leaky bucket: 10 in 30 s, so one leaks in 3 s.
TEST(GubernatorLeaky, LeaksAsItsOwnTestExpects) {
  const GubernatorLeaky limiter = make<GubernatorLeakyEntry>("limit=10 duration=30s");
  GubernatorLeaky::State state;
  struct Step {
    std::int64_t ms;
    Cost hits;
    std::int64_t remaining;
  };
  const Step steps[] = {{0, 1, 9},    {1000, 1, 8}, {2000, 1, 7}, {3500, 0, 8},
                        {6500, 0, 9}, {6500, 9, 0}, {9500, 1, 0}};
  for (const Step& step : steps) {
    const Instant now = after_ms(step.ms);
    EXPECT_TRUE(decide(limiter, state, now, step.hits).allowed) << step.ms;
    EXPECT_EQ(limiter.quota(state, now).remaining, step.remaining) << step.ms;
    EXPECT_EQ(
        limiter.advertised_quota(state, now),
        (AdvertisedQuota{10, step.remaining, Duration::from_seconds(3 * (10 - step.remaining))}));
  }
  EXPECT_FALSE(decide(limiter, state, after_ms(9500)).allowed);
}

TEST(GubernatorLeaky, OnlyWholeRequestsLeak) {
  const GubernatorLeaky limiter = make<GubernatorLeakyEntry>("limit=5 duration=1s");
  GubernatorLeaky::State state;
  decide(limiter, state, noon, 5);
  EXPECT_EQ(limiter.earliest(state, noon, 1), after_ms(200));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(200)));
  EXPECT_EQ(limiter.earliest(state, noon, 3), after_ms(600));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(600), 3));
}

TEST(GubernatorLeaky, WhoTakesAllWholeOnesTakesTheFractionToo) {
  const GubernatorLeaky limiter = make<GubernatorLeakyEntry>("limit=5 duration=1s");
  GubernatorLeaky::State state;
  decide(limiter, state, noon, 5);
  EXPECT_TRUE(decide(limiter, state, after_ms(390), 1).allowed);
  EXPECT_EQ(state.remaining, 0.0);
  // One that only asks leaves a fraction of two, and takes one of none.
  decide(limiter, state, after_ms(390 + 500), 0);
  EXPECT_EQ(state.remaining, 2.5);
  decide(limiter, state, after_ms(890), 1);
  EXPECT_EQ(state.remaining, 1.5);
  decide(limiter, state, after_ms(890), 1);
  EXPECT_EQ(state.remaining, 0.0);
}

TEST(GubernatorLeaky, AFractionAboveTheLimitStays) {
  const GubernatorLeaky limiter = make<GubernatorLeakyEntry>("limit=5 duration=1s");
  GubernatorLeaky::State state;
  decide(limiter, state, noon, 1);
  decide(limiter, state, after_ms(380), 0);
  EXPECT_EQ(state.remaining, 5.9);
  EXPECT_EQ(limiter.quota(state, after_ms(380)).remaining, 5);
  decide(limiter, state, after_ms(580), 0);
  EXPECT_EQ(state.remaining, 5.0);
}

TEST(GubernatorLeaky, ANewKeyThatAsksForTooMuchIsLeftNothing) {
  const GubernatorLeaky limiter = make<GubernatorLeakyEntry>("limit=5 duration=1s");
  GubernatorLeaky::State state;
  EXPECT_FALSE(decide(limiter, state, noon, 6).allowed);
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = 5, .remaining = 0, .reset_after = Duration::from_seconds(1)}));
  // A known key loses nothing.
  EXPECT_FALSE(decide(limiter, state, after_ms(600), 6).allowed);
  EXPECT_EQ(limiter.quota(state, after_ms(600)).remaining, 3);
}

TEST(GubernatorLeaky, ForgetsAKeyAfterItsDuration) {
  const GubernatorLeaky limiter = make<GubernatorLeakyEntry>("limit=5 duration=1s");
  GubernatorLeaky::State state;
  decide(limiter, state, noon, 1);
  decide(limiter, state, after_ms(380), 0);
  EXPECT_EQ(state.expires_ms, after_ms(1000).unix_ns() / 1'000'000);
  EXPECT_FALSE(limiter.check(state, after_ms(1001), 6).allowed);
  decide(limiter, state, after_ms(500), 9);
  EXPECT_EQ(state.expires_ms, after_ms(1500).unix_ns() / 1'000'000);
}

TEST(GubernatorLeaky, TellsItsResetInCutMilliseconds) {
  // A request leaks in 333.33 ms, of which 333 count.
  const GubernatorLeaky limiter = make<GubernatorLeakyEntry>("limit=3 duration=1s");
  GubernatorLeaky::State state;
  decide(limiter, state, noon, 3);
  EXPECT_EQ(limiter.advertised_quota(state, noon), (AdvertisedQuota{3, 0, Duration::from_ms(999)}));
  EXPECT_EQ(limiter.advertised_quota(state, noon + one_ns).reset_after,
            Duration::from_ms(999) - one_ns);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), std::nullopt);
  EXPECT_EQ(limiter.earliest(state, noon, 1), after_ms(334));
  EXPECT_EQ(limiter.earliest(state, noon, 3), after_ms(1000));
}

TEST(GubernatorLeaky, TellsItsBound) {
  const GubernatorLeaky limiter = make<GubernatorLeakyEntry>("limit=5 duration=1s");
  EXPECT_EQ(limiter.bound(Duration()), 5);
  EXPECT_EQ(limiter.bound(Duration::from_ms(200)), 7);
  EXPECT_EQ(problem_of<GubernatorLeakyEntry>("limit=5 duration=1001us"),
            "duration: must be a whole number of milliseconds");
}

}  // namespace
}  // namespace weir::limiter
