#include "limiter/java_resilience4j.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

JavaResilience4j resilience4j(std::string_view settings) {
  return make<JavaResilience4jEntry>(settings, from_noon);
}

TEST(JavaResilience4j, GivesEachCycleItsPermissions) {
  const JavaResilience4j limiter =
      resilience4j("limit_for_period=2 limit_refresh_period=1s timeout=0s");
  JavaResilience4j::State state;
  EXPECT_TRUE(decide(limiter, state, after_ms(900), 2).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(900)).allowed);
  // Cycles count from the start, and none saves what another did not use.
  EXPECT_EQ(limiter.earliest(state, after_ms(900), 1), after_ms(1000));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1000)));
  EXPECT_FALSE(limiter.check(state, after_ms(9000), 3).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(900), 3), std::nullopt);
}

TEST(JavaResilience4j, HoldsBackWhoCanWaitUntilTheirCycle) {
  const JavaResilience4j limiter =
      resilience4j("limit_for_period=2 limit_refresh_period=1s timeout=1500ms");
  JavaResilience4j::State state;
  EXPECT_EQ(decide(limiter, state, noon, 2), (Verdict{.allowed = true, .delay = {}}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(decide(limiter, state, noon),
              (Verdict{.allowed = true, .delay = Duration::from_seconds(1)}));
  }
  // The next ones would have to wait two seconds, and half a second later no longer than they may.
  EXPECT_FALSE(decide(limiter, state, noon).allowed);
  EXPECT_EQ(limiter.earliest(state, noon, 1), after_ms(500));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(500)));
  EXPECT_EQ(decide(limiter, state, after_ms(600)).delay, Duration::from_ms(1400));
  EXPECT_EQ(state.taken, 5);
}

TEST(JavaResilience4j, LetsInMoreThanTheLimitLateInACycle) {
  const JavaResilience4j limiter =
      resilience4j("limit_for_period=2 limit_refresh_period=1s timeout=1500ms");
  const JavaResilience4j::State state;
  EXPECT_TRUE(limiter.check(state, noon, 4).allowed);
  EXPECT_FALSE(limiter.check(state, noon, 5).allowed);
  EXPECT_EQ(limiter.earliest(state, noon, 6), after_ms(500));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(500), 6));
  EXPECT_FALSE(limiter.check(state, after_ms(1000), 6).allowed);
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = 6, .remaining = 4, .reset_after = Duration::from_ms(500)}));
  EXPECT_EQ(limiter.quota(state, after_ms(500)),
            (Quota{.limit = 6, .remaining = 6, .reset_after = {}}));
}

TEST(JavaResilience4j, WaitsNoLongerThanItsTimeout) {
  const JavaResilience4j exact =
      resilience4j("limit_for_period=1 limit_refresh_period=1s timeout=1s");
  JavaResilience4j::State state;
  decide(exact, state, noon);
  EXPECT_EQ(exact.check(state, noon, 1).delay, Duration::from_seconds(1));
  const JavaResilience4j short_of_it =
      resilience4j("limit_for_period=1 limit_refresh_period=1s timeout=999999999ns");
  EXPECT_FALSE(short_of_it.check(state, noon, 1).allowed);
  EXPECT_TRUE(is_first_admitted(short_of_it, state, noon + one_ns));
}

TEST(JavaResilience4j, TellsItsBoundToUsAndNothingToClients) {
  const JavaResilience4j limiter =
      resilience4j("limit_for_period=2 limit_refresh_period=1s timeout=0s");
  EXPECT_EQ(limiter.bound(Duration()), 2);
  EXPECT_EQ(limiter.bound(one_ns), 4);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(1) + one_ns), 6);
  EXPECT_EQ(advertised_retry_after(limiter, {}, noon, 3), std::nullopt);
  EXPECT_EQ(advertised_quota(limiter, {}, noon), AdvertisedQuota());
}

TEST(JavaResilience4j, RefusesMoreThan32BitsOfPermissions) {
  EXPECT_EQ(problem_of<JavaResilience4jEntry>(""), "");
  EXPECT_THAT(problem_of<JavaResilience4jEntry>("timeout=1h"),
              testing::HasSubstr("timeout: is too long"));
}

}  // namespace
}  // namespace weir::limiter
