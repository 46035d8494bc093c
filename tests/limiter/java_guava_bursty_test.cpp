#include "limiter/java_guava_bursty.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using GuavaBursty = Guava<GuavaBurstyRule>;

GuavaBursty guava_bursty(std::string_view settings) {
  return make<JavaGuavaBurstyEntry>(settings, from_noon);
}

TEST(GuavaBursty, TheNextOnePays) {
  const GuavaBursty limiter = guava_bursty("rate=5/s");
  GuavaBursty::State state;
  EXPECT_TRUE(decide(limiter, state, noon, 10).allowed);
  EXPECT_FALSE(decide(limiter, state, noon).allowed);
  EXPECT_EQ(limiter.earliest(state, noon, 1), after_ms(2000));
  EXPECT_EQ(limiter.earliest(state, noon, 100), after_ms(2000));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(2000)));
}

TEST(GuavaBursty, StartsWithNothingStored) {
  const GuavaBursty limiter = guava_bursty("rate=5/s");
  GuavaBursty::State state;
  for (const std::int64_t ms : {0, 200, 400}) {
    EXPECT_TRUE(decide(limiter, state, after_ms(ms)).allowed);
    EXPECT_FALSE(decide(limiter, state, after_ms(ms + 200) - one_ns).allowed);
  }
}

TEST(GuavaBursty, StoresASecondsWorth) {
  const GuavaBursty limiter = guava_bursty("rate=5/s");
  GuavaBursty::State state;
  decide(limiter, state, noon);
  // Free at 200 ms, full a second later; five cost no time, and the sixth is paid for by the next.
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(decide(limiter, state, after_ms(60'000)).allowed) << i;
  EXPECT_FALSE(decide(limiter, state, after_ms(60'000)).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(60'000), 1), after_ms(60'200));
}

TEST(GuavaBursty, CutsTimesToMicroseconds) {
  const GuavaBursty limiter = guava_bursty("rate=3/s");
  GuavaBursty::State state;
  decide(limiter, state, noon + Duration::from_ns(999));
  const Instant at = noon + Duration::from_us(333'333);
  EXPECT_EQ(limiter.earliest(state, noon, 1), at);
  EXPECT_TRUE(is_first_admitted(limiter, state, at));
}

TEST(GuavaBursty, TellsQuotaAndBoundToUsAndNothingToClients) {
  const GuavaBursty limiter = guava_bursty("rate=5/s");
  GuavaBursty::State state;
  const Cost most = 2'147'483'647;
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = most, .remaining = most, .reset_after = {}}));
  EXPECT_FALSE(limiter.check(state, noon, most + 1).allowed);
  EXPECT_EQ(limiter.earliest(state, noon, most + 1), std::nullopt);
  decide(limiter, state, noon);
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = most, .remaining = 0, .reset_after = Duration::from_ms(200)}));
  EXPECT_EQ(limiter.bound(Duration()), 6);
  EXPECT_EQ(limiter.bound(Duration::from_ms(200)), 7);
  EXPECT_EQ(guava_bursty("rate=1000000/s").bound(Duration()), std::nullopt);
  EXPECT_EQ(advertised_retry_after(limiter, state, noon, 1), std::nullopt);
  EXPECT_EQ(advertised_quota(limiter, state, noon), AdvertisedQuota());
  EXPECT_EQ(problem_of<JavaGuavaBurstyEntry>("rate=0/s"), "rate: must be above 0");
}

}  // namespace
}  // namespace weir::limiter
