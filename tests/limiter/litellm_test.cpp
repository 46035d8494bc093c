#include "limiter/litellm.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

TEST(Litellm, CountsRequestsInWholeSecondsFromTheFirst) {
  const Litellm limiter = make<LitellmEntry>("rpm=2");
  Litellm::State state;
  for (const bool allowed : {true, true, false}) {
    EXPECT_EQ(decide(limiter, state, after_ms(5'999), 0).allowed, allowed);
  }
  EXPECT_EQ(state.requests, 3);
  EXPECT_EQ(limiter.earliest(state, after_ms(5'999), 1), after_ms(65'000));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(65'000)));
}

TEST(Litellm, AddsTokensAfterTheAnswer) {
  const Litellm limiter = make<LitellmEntry>("rpm=60 tpm=1000");
  Litellm::State state;
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(decide(limiter, state, noon, 0).allowed);
  EXPECT_EQ(state.tokens, 2);
  limiter.settle(state, noon, after_ms(2'000), 0, 900);
  EXPECT_EQ(limiter.debt(state, after_ms(2'000)), 0);
  EXPECT_TRUE(decide(limiter, state, after_ms(3'000), 0).allowed);
  limiter.settle(state, noon, after_ms(4'000), 0, 300);
  EXPECT_EQ(limiter.debt(state, after_ms(4'000)), 203);
  EXPECT_FALSE(decide(limiter, state, after_ms(59'999), 0).allowed);
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(60'000)));
  EXPECT_EQ(limiter.debt(state, after_ms(60'000)), 0);
}

TEST(Litellm, OneTokenIsCountedForEachRequest) {
  const Litellm limiter = make<LitellmEntry>("tpm=3");
  Litellm::State state;
  for (const bool allowed : {true, true, true, false}) {
    EXPECT_EQ(decide(limiter, state, noon, 0).allowed, allowed);
  }
}

TEST(Litellm, SettlesInTheWindowOfTheAnswer) {
  const Litellm limiter = make<LitellmEntry>("tpm=100");
  Litellm::State state;
  decide(limiter, state, noon, 30);
  EXPECT_EQ(state.tokens, 31);
  limiter.settle(state, noon, after_ms(1'000), 30, 20);
  EXPECT_EQ(state.tokens, 21);
  // What was charged a window ago is gone with it, and the answer counts in full.
  decide(limiter, state, after_ms(60'000), 0);
  limiter.settle(state, noon, after_ms(61'000), 30, 50);
  EXPECT_EQ(state.tokens, 51);
  // With no window open there is nothing to add to.
  limiter.settle(state, noon, after_ms(120'000), 0, 50);
  EXPECT_TRUE(decide(limiter, state, after_ms(120'000), 0).allowed);
  EXPECT_EQ(state.tokens, 1);
}

TEST(Litellm, AdvertisesTheWholeWindow) {
  const Litellm limiter = make<LitellmEntry>("rpm=2 tpm=100");
  Litellm::State state;
  decide(limiter, state, noon, 30);
  EXPECT_EQ(limiter.advertised_quota(state, noon), (AdvertisedQuota{100, 69, std::nullopt}));
  decide(limiter, state, noon, 200);
  EXPECT_EQ(limiter.advertised_quota(state, noon), (AdvertisedQuota{100, 0, std::nullopt}));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(59'999), 1), Duration::from_seconds(60));
  const Litellm requests = make<LitellmEntry>("rpm=5");
  EXPECT_EQ(requests.advertised_quota({}, noon), (AdvertisedQuota{5, 5, std::nullopt}));
}

TEST(Litellm, TellsQuotaAndBound) {
  const Litellm limiter = make<LitellmEntry>("rpm=2 tpm=100");
  Litellm::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 100, .remaining = 100, .reset_after = {}}));
  for (int i = 0; i < 2; ++i) decide(limiter, state, after_ms(500), 10);
  EXPECT_EQ(limiter.quota(state, after_ms(500)),
            (Quota{.limit = 100, .remaining = 0, .reset_after = Duration::from_ms(59'500)}));
  EXPECT_EQ(limiter.bound(Duration()), 2);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(60)), 4);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(60) + one_ns), 6);
}

TEST(Litellm, ALimitMayBeNoneOrZero) {
  const Litellm neither = make<LitellmEntry>("");
  EXPECT_TRUE(neither.check({}, noon, largest_cost).allowed);
  const Litellm none = make<LitellmEntry>("tpm=0");
  EXPECT_FALSE(none.check({}, noon, 0).allowed);
  EXPECT_EQ(none.earliest({}, noon, 1), std::nullopt);
}

}  // namespace
}  // namespace weir::limiter
