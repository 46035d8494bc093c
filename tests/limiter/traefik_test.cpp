#include "limiter/traefik.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

TEST(Traefik, HoldsBackForUpToHalfATokensTime) {
  const Traefik limiter = make<TraefikEntry>("average=8 burst=2");
  Traefik::State state;
  EXPECT_EQ(decide(limiter, state, noon, 2), (Verdict{.allowed = true, .delay = {}}));
  // A token takes 125 ms, and the next one is let in 62.5 ms before it comes.
  const Instant early = noon + Duration::from_us(62'500);
  EXPECT_FALSE(limiter.check(state, noon, 1).allowed);
  EXPECT_EQ(limiter.earliest(state, noon, 1), early);
  EXPECT_TRUE(is_first_admitted(limiter, state, early));
  EXPECT_EQ(limiter.check(state, early, 1).delay, Duration::from_us(62'500));
  EXPECT_EQ(decide(limiter, state, after_ms(75), 1).delay, Duration::from_ms(50));
}

TEST(Traefik, HoldsBackForHalfASecondWhereTokensAreRare) {
  const Traefik limiter = make<TraefikEntry>("average=2 period=16s");
  Traefik::State state;
  decide(limiter, state, noon);
  EXPECT_EQ(limiter.earliest(state, noon, 1), after_ms(7'500));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(7'500)));
  EXPECT_EQ(limiter.check(state, after_ms(7'500), 1).delay, Duration::from_ms(500));
}

// At 10 a second, what is lacking after 50 ms is a little less than half a token in float64.
TEST(Traefik, CutsWaitsToNanoseconds) {
  const Traefik limiter = make<TraefikEntry>("average=10 burst=2");
  Traefik::State state;
  decide(limiter, state, noon, 2);
  EXPECT_EQ(limiter.earliest(state, noon, 1), after_ms(50) - one_ns);
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(50) - one_ns));
}

TEST(Traefik, CutsTheRateWhenItReckonsTheLongestDelay) {
  // 1.9 a second is cut to 1, so that half a second is allowed of the 526 ms that a token takes.
  const Traefik limiter = make<TraefikEntry>("average=19 period=10s");
  Traefik::State state;
  decide(limiter, state, noon);
  const Instant at = *limiter.earliest(state, noon, 1);
  EXPECT_EQ((at - noon).ns(), 26'315'789);
  EXPECT_TRUE(is_first_admitted(limiter, state, at));
}

TEST(Traefik, ForgetsABucketThatIsLeftAlone) {
  const Traefik limiter = make<TraefikEntry>("average=1 burst=100");
  Traefik::State state;
  EXPECT_TRUE(decide(limiter, state, after_ms(900), 100).allowed);
  EXPECT_FALSE(limiter.check(state, after_ms(2'000) - one_ns, 3).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(900), 100), after_ms(2'000));
  EXPECT_TRUE(limiter.check(state, after_ms(2'000), 100).allowed);
  // A denied request keeps it for another two seconds.
  EXPECT_FALSE(decide(limiter, state, after_ms(1'990), 3).allowed);
  EXPECT_FALSE(limiter.check(state, after_ms(2'999), 100).allowed);
  EXPECT_TRUE(limiter.check(state, after_ms(3'000), 100).allowed);
}

TEST(Traefik, KeepsARareOneLonger) {
  // 1 + floor(1 / rate) = 11 seconds, by when it is full anyway.
  const Traefik limiter = make<TraefikEntry>("average=6 period=1m burst=5");
  Traefik::State state;
  decide(limiter, state, noon, 5);
  EXPECT_FALSE(limiter.check(state, after_ms(11'000) - one_ns, 5).allowed);
  EXPECT_TRUE(limiter.check(state, after_ms(11'000), 5).allowed);
}

TEST(Traefik, TellsWhenTheTokenComesInWholeSeconds) {
  const Traefik limiter = make<TraefikEntry>("average=6 period=1m");
  Traefik::State state;
  decide(limiter, state, noon);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), Duration::from_seconds(10));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(1), 1), Duration::from_seconds(10));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(1000), 1), Duration::from_seconds(9));
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 2), std::nullopt);
  EXPECT_EQ(advertised_quota(limiter, state, noon), AdvertisedQuota());
}

TEST(Traefik, TellsQuotaAndBound) {
  const Traefik limiter = make<TraefikEntry>("average=8 burst=5");
  Traefik::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 5, .remaining = 5, .reset_after = {}}));
  decide(limiter, state, noon, 4);
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = 5, .remaining = 1, .reset_after = Duration::from_us(437'500)}));
  EXPECT_EQ(limiter.quota(state, noon + Duration::from_us(62'500)).remaining, 2);
  EXPECT_EQ(limiter.bound(Duration()), 5);
  EXPECT_EQ(limiter.bound(Duration::from_ms(62)), 5);
  EXPECT_EQ(limiter.bound(Duration::from_us(62'500)), 6);
}

}  // namespace
}  // namespace weir::limiter
