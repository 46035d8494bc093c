#include "limiter/go_uber_ratelimit.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

std::int64_t uber_delay_ms(const GoUberRatelimit& limiter, GoUberRatelimit::State& state,
                           Instant now, Cost cost = 1) {
  const Verdict verdict = decide(limiter, state, now, cost);
  EXPECT_TRUE(verdict.allowed);
  EXPECT_EQ(verdict.delay.ns() % 1'000'000, 0);
  return verdict.delay.ns() / 1'000'000;
}

TEST(GoUberRatelimit, GivesEachItsTurn) {
  const GoUberRatelimit limiter = make<GoUberRatelimitEntry>("rate=100/s slack=0");
  GoUberRatelimit::State state;
  EXPECT_EQ(uber_delay_ms(limiter, state, noon), 0);
  EXPECT_EQ(uber_delay_ms(limiter, state, noon), 10);
  EXPECT_EQ(uber_delay_ms(limiter, state, after_ms(5)), 15);
  EXPECT_EQ(uber_delay_ms(limiter, state, after_ms(5), 0), 0);
  EXPECT_EQ(uber_delay_ms(limiter, state, after_ms(5), 3), 45);
  // What was missed is lost.
  EXPECT_EQ(uber_delay_ms(limiter, state, after_ms(1000)), 0);
  EXPECT_EQ(uber_delay_ms(limiter, state, after_ms(1000)), 10);
}

TEST(GoUberRatelimit, MakesUpForTenMissedTurns) {
  const GoUberRatelimit limiter = make<GoUberRatelimitEntry>("rate=100/s");
  GoUberRatelimit::State state;
  EXPECT_EQ(uber_delay_ms(limiter, state, noon), 0);
  for (int i = 0; i < 11; ++i) EXPECT_EQ(uber_delay_ms(limiter, state, after_ms(1000)), 0);
  EXPECT_EQ(uber_delay_ms(limiter, state, after_ms(1000)), 10);
}

TEST(GoUberRatelimit, SavesNoMoreThanTheSlack) {
  const GoUberRatelimit limiter = make<GoUberRatelimitEntry>("rate=100/s slack=3");
  const auto turn_after = [&](Duration idle) {
    GoUberRatelimit::State state;
    decide(limiter, state, noon);
    decide(limiter, state, noon + idle);
    return Instant::from_unix_ns(state.last_turn_ns) - noon;
  };
  // From four intervals on, the turn moves with the clock.
  EXPECT_EQ(turn_after(Duration::from_ms(40) - one_ns), Duration::from_ms(10));
  EXPECT_EQ(turn_after(Duration::from_ms(40)), Duration::from_ms(10));
  EXPECT_EQ(turn_after(Duration::from_ms(40) + one_ns), Duration::from_ms(10) + one_ns);
}

TEST(GoUberRatelimit, CutsItsIntervalToNanoseconds) {
  const GoUberRatelimit limiter = make<GoUberRatelimitEntry>("rate=3/s");
  GoUberRatelimit::State state;
  decide(limiter, state, noon);
  EXPECT_EQ(decide(limiter, state, noon).delay, Duration::from_ns(333'333'333));
  const GoUberRatelimit endless = make<GoUberRatelimitEntry>("rate=1/3660d");
  GoUberRatelimit::State far;
  EXPECT_TRUE(decide(endless, far, noon, largest_cost).allowed);
  EXPECT_EQ(far.last_turn_ns, Instant::max().unix_ns());
}

TEST(GoUberRatelimit, NeverDeniesAndTellsNothing) {
  const GoUberRatelimit limiter = make<GoUberRatelimitEntry>("rate=1/s");
  const GoUberRatelimit::State state{.last_turn_ns = after_ms(60'000).unix_ns()};
  EXPECT_EQ(limiter.earliest(state, noon, 5), noon);
  EXPECT_EQ(limiter.quota(state, noon).remaining, largest_cost);
  EXPECT_EQ(limiter.bound(Duration()), std::nullopt);
  EXPECT_EQ(advertised_retry_after(limiter, state, noon, 1), std::nullopt);
  EXPECT_EQ(advertised_quota(limiter, state, noon), AdvertisedQuota());
  EXPECT_EQ(problem_of<GoUberRatelimitEntry>("rate=0/s"), "rate: must be above 0");
}

}  // namespace
}  // namespace weir::limiter
