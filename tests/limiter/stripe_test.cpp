#include "limiter/stripe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

TEST(Stripe, RefillsWhenTheClockShowsAnotherSecond) {
  const Stripe limiter = make<StripeEntry>("rate=2/s capacity=5");
  Stripe::State state;
  EXPECT_TRUE(decide(limiter, state, after_ms(900), 5).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(1000) - one_ns).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(900), 1), after_ms(1000));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1000)));
  EXPECT_FALSE(limiter.check(state, after_ms(1000), 3).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(900), 3), after_ms(2000));
  EXPECT_EQ(limiter.earliest(state, after_ms(900), 6), std::nullopt);
}

TEST(Stripe, StoresWhatHasFlownInWithADenialToo) {
  const Stripe limiter = make<StripeEntry>("rate=1/2s capacity=5");
  Stripe::State state;
  decide(limiter, state, noon, 5);
  EXPECT_FALSE(decide(limiter, state, after_ms(1000)).allowed);
  EXPECT_EQ(state.tokens, 0.5);
  EXPECT_EQ(state.last_s, after_ms(1000).unix_ns() / 1'000'000'000);
  EXPECT_TRUE(decide(limiter, state, after_ms(2000)).allowed);
  EXPECT_EQ(state.tokens, 0.0);
}

TEST(Stripe, TellsQuotaAndBoundToUsAndNothingToClients) {
  const Stripe limiter = make<StripeEntry>("rate=2/s capacity=5");
  Stripe::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 5, .remaining = 5, .reset_after = {}}));
  decide(limiter, state, noon, 4);
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = 5, .remaining = 1, .reset_after = Duration::from_seconds(2)}));
  EXPECT_EQ(limiter.bound(Duration()), 5);
  // A nanosecond can lie on both sides of a full second.
  EXPECT_EQ(limiter.bound(one_ns), 7);
  EXPECT_EQ(advertised_retry_after(limiter, state, noon, 5), std::nullopt);
  EXPECT_EQ(advertised_quota(limiter, state, noon), AdvertisedQuota());
}

TEST(Stripe, RefusesWhatRedisWouldNotKeep) {
  EXPECT_THAT(problem_of<StripeEntry>("rate=3/s capacity=1"),
              testing::HasSubstr("capacity: must be at least half a second's worth"));
  EXPECT_EQ(problem_of<StripeEntry>("rate=2/s capacity=1"), "");
  EXPECT_EQ(problem_of<StripeEntry>("rate=0/s capacity=1"), "rate: must be above 0");
}

}  // namespace
}  // namespace weir::limiter
