#include "limiter/rust_governor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

RustGovernor rust_governor(std::string_view settings) {
  return make<RustGovernorEntry>(settings, from_noon);
}

TEST(RustGovernor, LetsInABurstAndThenOneByOne) {
  const RustGovernor limiter = rust_governor("rate=2/s burst=3");
  RustGovernor::State state;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(decide(limiter, state, noon).allowed);
  EXPECT_FALSE(decide(limiter, state, noon).allowed);
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(500)));
  EXPECT_EQ(limiter.earliest(state, noon, 3), after_ms(1500));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1500), 3));
  EXPECT_EQ(limiter.earliest(state, noon, 4), std::nullopt);
}

TEST(RustGovernor, AnIntervalIsANanosecondAtLeast) {
  const RustGovernor limiter = rust_governor("rate=7/ns burst=1");
  RustGovernor::State state;
  EXPECT_TRUE(decide(limiter, state, noon).allowed);
  EXPECT_FALSE(decide(limiter, state, noon).allowed);
  EXPECT_TRUE(decide(limiter, state, noon + one_ns).allowed);
}

TEST(RustGovernor, TellsItsCallerTheExactWait) {
  const RustGovernor limiter = rust_governor("rate=3/s burst=1");
  RustGovernor::State state;
  EXPECT_EQ(limiter.advertised_quota(state, noon), (AdvertisedQuota{1, 1, std::nullopt}));
  decide(limiter, state, noon);
  EXPECT_EQ(limiter.advertised_quota(state, noon), (AdvertisedQuota{1, 0, std::nullopt}));
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), Duration::from_ns(333'333'333));
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 2), std::nullopt);
}

TEST(RustGovernor, RefusesWhatItCannotCount) {
  EXPECT_THAT(problem_of<RustGovernorEntry>("rate=0/s burst=1"), testing::HasSubstr("rate: must"));
  EXPECT_THAT(problem_of<RustGovernorEntry>("rate=1/3650d burst=1000"),
              testing::HasSubstr("burst: is too large"));
}

}  // namespace
}  // namespace weir::limiter
