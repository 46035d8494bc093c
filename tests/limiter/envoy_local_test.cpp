#include "limiter/envoy_local.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

EnvoyLocal envoy_local(std::string_view settings) {
  return make<EnvoyLocalEntry>(settings, from_noon);
}

TEST(EnvoyLocal, ConsumesAndRefills) {
  const EnvoyLocal limiter = envoy_local("max_tokens=10 fill_interval=1s");
  EnvoyLocal::State state;
  EXPECT_FALSE(decide(limiter, state, noon, 20).allowed);
  EXPECT_TRUE(decide(limiter, state, noon, 9).allowed);
  EXPECT_TRUE(decide(limiter, state, noon, 1).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(999), 1).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(5'999), 6).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(6'000), 6).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(6'000), 1).allowed);
}

TEST(EnvoyLocal, HoldsNoMoreThanItsMaximum) {
  const EnvoyLocal limiter = envoy_local("max_tokens=3 fill_interval=1s");
  EnvoyLocal::State state;
  EXPECT_TRUE(decide(limiter, state, noon, 3).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(10'000), 4).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(10'000), 3).allowed);
}

TEST(EnvoyLocal, FillsContinuouslyNotOncePerInterval) {
  const EnvoyLocal limiter = envoy_local("max_tokens=10 tokens_per_fill=10 fill_interval=60s");
  EnvoyLocal::State state;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(decide(limiter, state, noon).allowed);
  EXPECT_FALSE(limiter.check(state, after_ms(5'999), 1).allowed);
  EXPECT_TRUE(limiter.check(state, after_ms(6'001), 1).allowed);
  EXPECT_EQ(limiter.quota(state, after_ms(30'001)).remaining, 5);
}

TEST(EnvoyLocal, FillsAtLeastOneTokenAYear) {
  const EnvoyLocal limiter = envoy_local("max_tokens=1 fill_interval=730d");
  EnvoyLocal::State state;
  decide(limiter, state, noon);
  constexpr std::int64_t year_ms = std::int64_t{365} * 86'400 * 1000;
  EXPECT_FALSE(limiter.check(state, after_ms(year_ms - 1000), 1).allowed);
  EXPECT_TRUE(limiter.check(state, after_ms(year_ms), 1).allowed);
}

TEST(EnvoyLocal, KnowsTheExactNanosecond) {
  const EnvoyLocal limiter = envoy_local("max_tokens=7 tokens_per_fill=3 fill_interval=1s");
  EnvoyLocal::State state;
  decide(limiter, state, after_ms(17), 7);
  for (Cost cost = 1; cost <= 7; ++cost) {
    const auto at = limiter.earliest(state, after_ms(17), cost);
    ASSERT_TRUE(at.has_value());
    EXPECT_TRUE(is_first_admitted(limiter, state, *at, cost)) << cost;
    EXPECT_NEAR(static_cast<double>((*at - after_ms(17)).ns()), static_cast<double>(cost) / 3 * 1e9,
                2.0);
  }
  EXPECT_EQ(limiter.earliest(state, after_ms(17), 8), std::nullopt);
}

TEST(EnvoyLocal, DeniesACostOfZeroAndAnEmptyBucket) {
  const EnvoyLocal limiter = envoy_local("max_tokens=5 fill_interval=1s");
  EXPECT_FALSE(limiter.check({}, noon, 0).allowed);
  EXPECT_EQ(limiter.earliest({}, noon, 0), std::nullopt);
  const EnvoyLocal none = envoy_local("max_tokens=0 fill_interval=1s");
  EXPECT_FALSE(none.check({}, after_ms(100'000), 1).allowed);
  EXPECT_EQ(none.earliest({}, noon, 1), std::nullopt);
  EXPECT_EQ(none.quota({}, noon), (Quota{.limit = 0, .remaining = 0, .reset_after = {}}));
  EXPECT_EQ(none.bound(Duration::from_seconds(10)), 0);
}

TEST(EnvoyLocal, TellsQuotaAndBound) {
  const EnvoyLocal limiter = envoy_local("max_tokens=10 tokens_per_fill=2 fill_interval=1s");
  EnvoyLocal::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 10, .remaining = 10, .reset_after = {}}));
  decide(limiter, state, noon, 4);
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = 10, .remaining = 6, .reset_after = Duration::from_seconds(2)}));
  EXPECT_EQ(limiter.bound(Duration()), 10);
  EXPECT_EQ(limiter.bound(Duration::from_ms(499)), 10);
  EXPECT_EQ(limiter.bound(Duration::from_ms(500)), 11);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), std::nullopt);
}

TEST(EnvoyLocal, BoundsNothingWhereTokensDrownInRounding) {
  const EnvoyLocal limiter =
      envoy_local("max_tokens=100 tokens_per_fill=4294967295 fill_interval=50ms");
  EXPECT_EQ(limiter.bound(Duration()), std::nullopt);
}

TEST(EnvoyLocal, RefusesIntervalsThatEnvoyLacks) {
  // The smallest interval is checked where text is parsed, and again where it was not.
  Parameters parameters;
  parameters.set("max_tokens", std::int64_t{1});
  parameters.set("tokens_per_fill", std::int64_t{1});
  parameters.set("fill_interval", Duration::from_ms(49));
  const auto made = EnvoyLocalEntry::make(parameters, from_noon);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().pointer, "fill_interval");
  EXPECT_EQ(made.error().message, "must be at least 50ms, got 49ms");
  EXPECT_EQ(problem_of<EnvoyLocalEntry>("max_tokens=1 fill_interval=50ms"), "");
  EXPECT_THAT(problem_of<EnvoyLocalEntry>("max_tokens=1 fill_interval=50500us"),
              HasSubstr("fill_interval: must be a whole number of milliseconds"));
}

TEST(EnvoyLocal, AdvertisesOnlyWhereItIsEnabled) {
  const std::string setting = "max_tokens=2 tokens_per_fill=2 fill_interval=5s";
  const EnvoyLocal silent = make<EnvoyLocalEntry>(setting, {.start = noon});
  const EnvoyLocal limiter = make<EnvoyLocalEntry>(
      setting + " enable_x_ratelimit_headers=draft-version-03", {.start = noon});
  EnvoyLocal::State state;
  decide(limiter, state, noon);
  EXPECT_EQ(silent.advertised_quota(state, noon), AdvertisedQuota());
  EXPECT_EQ(limiter.advertised_quota(state, noon), (AdvertisedQuota{2, 1, Duration()}));
  decide(limiter, state, noon);
  // A token takes 2.5 s, whose whole seconds are told, however much of them has passed.
  for (const std::int64_t ms : {0, 2499}) {
    EXPECT_EQ(limiter.advertised_quota(state, after_ms(ms)),
              (AdvertisedQuota{2, 0, Duration::from_seconds(2)}));
  }
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(2500)), (AdvertisedQuota{2, 1, Duration()}));
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), std::nullopt);
}

TEST(EnvoyLocal, AdvertisesNoWaitBelowASecond) {
  const EnvoyLocal limiter = make<EnvoyLocalEntry>(
      "max_tokens=1 fill_interval=999ms enable_x_ratelimit_headers=draft-version-03",
      {.start = noon});
  EnvoyLocal::State state;
  decide(limiter, state, noon);
  EXPECT_EQ(limiter.advertised_quota(state, noon), (AdvertisedQuota{1, 0, Duration()}));
}

}  // namespace
}  // namespace weir::limiter
