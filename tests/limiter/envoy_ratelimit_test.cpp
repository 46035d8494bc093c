#include "limiter/envoy_ratelimit.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

TEST(EnvoyRatelimit, CountsDeniedRequestsUntilTheWindowEnds) {
  const EnvoyRatelimit limiter = make<EnvoyRatelimitEntry>("limit=2 unit=minute");
  EnvoyRatelimit::State state;
  EXPECT_TRUE(decide(limiter, state, after_ms(10'000)).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(10'000)).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(10'000)).allowed);
  EXPECT_EQ(state.count, 3);
  EXPECT_EQ(limiter.earliest(state, after_ms(10'000), 1), after_ms(60'000));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(60'000)));
}

TEST(EnvoyRatelimit, ARequestTooLargeUsesUpTheWindow) {
  const EnvoyRatelimit limiter = make<EnvoyRatelimitEntry>("limit=5 unit=second");
  EnvoyRatelimit::State state;
  EXPECT_FALSE(decide(limiter, state, noon, 6).allowed);
  EXPECT_EQ(limiter.earliest(state, noon, 6), std::nullopt);
  EXPECT_FALSE(decide(limiter, state, noon, 1).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(1000), 5).allowed);
}

TEST(EnvoyRatelimit, CountsWindowsFromTheEpochInFixedLengths) {
  const auto reset = [](std::string_view unit, Instant now) {
    const EnvoyRatelimit limiter = make<EnvoyRatelimitEntry>("limit=9 unit=" + std::string(unit));
    EnvoyRatelimit::State state;
    decide(limiter, state, now);
    return limiter.quota(state, now).reset_after.ns() / 1'000'000'000;
  };
  constexpr Instant at = Instant::from_unix_seconds(36'500LL * 86'400 - 1);
  EXPECT_EQ(reset("second", at), 1);
  EXPECT_EQ(reset("minute", at), 1);
  EXPECT_EQ(reset("hour", at), 1);
  EXPECT_EQ(reset("day", at), 1);
  EXPECT_EQ(reset("week", at), 5 * 86'400 + 1);    // 36500 days are 5214 weeks and 2 days
  EXPECT_EQ(reset("month", at), 10 * 86'400 + 1);  // and 1216 months of 30 days and 20 days
  EXPECT_EQ(reset("year", at), 1);
}

TEST(EnvoyRatelimit, ACostOfZeroLooksAtWhatHasBeenCounted) {
  const EnvoyRatelimit limiter = make<EnvoyRatelimitEntry>("limit=2 unit=minute");
  EnvoyRatelimit::State state;
  for (int i = 0; i < 2; ++i) decide(limiter, state, noon);
  EXPECT_TRUE(decide(limiter, state, noon, 0).allowed);
  EXPECT_EQ(state.count, 2);
  decide(limiter, state, noon);
  EXPECT_FALSE(decide(limiter, state, noon, 0).allowed);
  EXPECT_EQ(state.count, 3);
  EXPECT_EQ(limiter.earliest(state, noon, 0), after_ms(60'000));
}

TEST(EnvoyRatelimit, HasAnAnswerAtTheLimitsOfItsNumbers) {
  const EnvoyRatelimit none = make<EnvoyRatelimitEntry>("limit=0 unit=second");
  EXPECT_FALSE(none.check({}, noon, 1).allowed);
  EXPECT_EQ(none.earliest({}, noon, 1), std::nullopt);
  const EnvoyRatelimit limiter = make<EnvoyRatelimitEntry>("limit=4294967295 unit=year");
  EnvoyRatelimit::State state;
  for (int i = 0; i < 3000; ++i) limiter.charge_denied(state, noon, largest_cost);
  EXPECT_GT(state.count, 4'294'967'295);
}

TEST(EnvoyRatelimit, TellsQuotaAndBound) {
  const EnvoyRatelimit limiter = make<EnvoyRatelimitEntry>("limit=3 unit=minute");
  EnvoyRatelimit::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 3, .remaining = 3, .reset_after = {}}));
  decide(limiter, state, after_ms(12'500));
  EXPECT_EQ(limiter.quota(state, after_ms(12'500)),
            (Quota{.limit = 3, .remaining = 2, .reset_after = Duration::from_ms(47'500)}));
  EXPECT_EQ(limiter.bound(Duration()), 3);
  EXPECT_EQ(limiter.bound(one_ns), 6);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(60)), 6);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(60) + one_ns), 9);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), std::nullopt);
}

TEST(EnvoyRatelimit, AdvertisesOnlyWhereItIsEnabled) {
  const EnvoyRatelimit silent = make<EnvoyRatelimitEntry>("limit=3 unit=minute");
  const EnvoyRatelimit limiter =
      make<EnvoyRatelimitEntry>("limit=3 unit=minute limit_response_headers_enabled=true");
  EnvoyRatelimit::State state;
  decide(limiter, state, after_ms(12'999), 2);
  EXPECT_EQ(silent.advertised_quota(state, after_ms(12'999)), AdvertisedQuota());
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(12'999)),
            (AdvertisedQuota{3, 1, Duration::from_seconds(48)}));
  decide(limiter, state, after_ms(60'000) - one_ns, 9);
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(60'000) - one_ns),
            (AdvertisedQuota{3, 0, Duration::from_seconds(1)}));
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(60'000)),
            (AdvertisedQuota{3, 3, Duration::from_seconds(60)}));
}

}  // namespace
}  // namespace weir::limiter
