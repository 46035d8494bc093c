#include "limiter/java_guava_warming_up.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using GuavaWarmingUp = Guava<GuavaWarmingUpRule>;

GuavaWarmingUp guava_warming_up(std::string_view settings) {
  return make<JavaGuavaWarmingUpEntry>(settings, from_noon);
}

/// Takes permits as soon as there are any, and says how long each had to be waited for.
std::vector<std::int64_t> waits_ms(const GuavaWarmingUp& limiter, GuavaWarmingUp::State& state,
                                   Instant& now) {
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 8; ++i) {
    const Instant at = *limiter.earliest(state, now, 1);
    EXPECT_TRUE(decide(limiter, state, at).allowed);
    waits.push_back((at - now).ns() / 1'000'000);
    now = at;
  }
  return waits;
}

// The event strings of Guava's own test: 2 a second, warm after 4 s.
TEST(GuavaWarmingUp, WarmsUpAsItsOwnTestExpects) {
  const GuavaWarmingUp limiter = guava_warming_up("rate=2/s warmup=4s");
  GuavaWarmingUp::State state;
  Instant now = noon;
  const std::vector<std::int64_t> cold = {0, 1375, 1125, 875, 625, 500, 500, 500};
  EXPECT_EQ(waits_ms(limiter, state, now), cold);
  // What the last one owes, and a pause of 4 s.
  now += Duration::from_ms(4500);
  EXPECT_EQ(waits_ms(limiter, state, now), cold);
  // A pause of 2 s leaves it lukewarm, up to the threshold.
  now += Duration::from_ms(2500);
  EXPECT_EQ(waits_ms(limiter, state, now),
            (std::vector<std::int64_t>{0, 500, 500, 500, 500, 500, 500, 500}));
}

TEST(GuavaWarmingUp, IsFreeOnTheMicrosecond) {
  const GuavaWarmingUp limiter = guava_warming_up("rate=3/s warmup=1s");
  GuavaWarmingUp::State state;
  decide(limiter, state, noon);
  EXPECT_EQ((*limiter.earliest(state, noon, 1) - noon).ns() % 1000, 0);
  EXPECT_TRUE(is_first_admitted(limiter, state, *limiter.earliest(state, noon, 1)));
}

TEST(GuavaWarmingUp, TellsQuotaAndBoundToUsAndNothingToClients) {
  const GuavaWarmingUp limiter = guava_warming_up("rate=2/s warmup=4s");
  GuavaWarmingUp::State state;
  decide(limiter, state, noon);
  EXPECT_EQ(
      limiter.quota(state, noon),
      (Quota{.limit = 2'147'483'647, .remaining = 0, .reset_after = Duration::from_ms(1375)}));
  EXPECT_EQ(limiter.bound(Duration()), 1);
  EXPECT_EQ(limiter.bound(Duration::from_ms(500)), 2);
  EXPECT_EQ(guava_warming_up("rate=1000000/s warmup=1s").bound(Duration()), std::nullopt);
  EXPECT_EQ(advertised_retry_after(limiter, state, noon, 1), std::nullopt);
  EXPECT_EQ(advertised_quota(limiter, state, noon), AdvertisedQuota());
  EXPECT_EQ(problem_of<JavaGuavaWarmingUpEntry>("rate=0/s warmup=1s"), "rate: must be above 0");
}

}  // namespace
}  // namespace weir::limiter
