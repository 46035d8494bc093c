#include "limiter/dotnet_token_bucket.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

DotnetTokenBucket dotnet_bucket(std::string_view settings) {
  return make<DotnetTokenBucketEntry>(settings, from_noon);
}

TEST(DotnetTokenBucket, RefillsWithItsTimer) {
  const DotnetTokenBucket limiter =
      dotnet_bucket("token_limit=10 tokens_per_period=3 replenishment_period=1s");
  DotnetTokenBucket::State state;
  EXPECT_TRUE(decide(limiter, state, after_ms(900), 10).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(900)).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(900), 1), after_ms(1000));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1000), 3));
  EXPECT_EQ(limiter.earliest(state, after_ms(900), 4), after_ms(2000));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(2000), 4));
  EXPECT_EQ(limiter.earliest(state, after_ms(900), 11), std::nullopt);
}

TEST(DotnetTokenBucket, DeniesWhoOnlyAsksWhileThereIsNothing) {
  const DotnetTokenBucket limiter =
      dotnet_bucket("token_limit=1 tokens_per_period=1 replenishment_period=1s");
  DotnetTokenBucket::State state;
  EXPECT_TRUE(decide(limiter, state, noon, 0).allowed);
  EXPECT_TRUE(decide(limiter, state, noon, 1).allowed);
  EXPECT_FALSE(decide(limiter, state, noon, 0).allowed);
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1000), 0));
}

TEST(DotnetTokenBucket, TellsWholePeriodsFromNow) {
  const DotnetTokenBucket limiter =
      dotnet_bucket("token_limit=10 tokens_per_period=3 replenishment_period=1s");
  DotnetTokenBucket::State state;
  decide(limiter, state, noon, 10);
  const auto told = [&](Instant now, Cost cost) {
    return limiter.advertised_retry_after(state, now, cost)->ns() / 1'000'000;
  };
  // Too long by what has passed since the last tick; too short where the division leaves a rest.
  EXPECT_EQ(told(noon, 1), 1000);
  EXPECT_EQ(told(after_ms(999), 1), 1000);
  EXPECT_EQ(told(noon, 5), 1000);
  EXPECT_EQ(limiter.earliest(state, noon, 5), after_ms(2000));
  EXPECT_EQ(told(noon, 6), 2000);
  EXPECT_EQ(told(noon, 10), 3000);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 11), std::nullopt);
  EXPECT_EQ(advertised_quota(limiter, state, noon), AdvertisedQuota());
  EXPECT_EQ(DotnetTokenBucketEntry::info().denied_status, 503);
}

TEST(DotnetTokenBucket, TellsQuotaAndBound) {
  const DotnetTokenBucket limiter =
      dotnet_bucket("token_limit=10 tokens_per_period=3 replenishment_period=1s");
  DotnetTokenBucket::State state;
  decide(limiter, state, after_ms(500), 5);
  EXPECT_EQ(limiter.quota(state, after_ms(500)),
            (Quota{.limit = 10, .remaining = 5, .reset_after = Duration::from_ms(1500)}));
  EXPECT_EQ(limiter.quota(state, after_ms(1000)).remaining, 8);
  EXPECT_EQ(limiter.quota(state, after_ms(2000)).remaining, 10);
  EXPECT_EQ(limiter.bound(Duration()), 10);
  EXPECT_EQ(limiter.bound(one_ns), 13);
  EXPECT_EQ(problem_of<DotnetTokenBucketEntry>(
                "token_limit=1 tokens_per_period=1 replenishment_period=1500us"),
            "replenishment_period: must be a whole number of milliseconds");
}

}  // namespace
}  // namespace weir::limiter
