#include "limiter/gcra.hpp"

#include "limiter/one_key.hpp"

namespace weir::limiter {
namespace {

TEST(Gcra, AdmitsABurstAndThenOnePerEmissionInterval) {
  const auto key = new_key<GcraEntry>("rate=1/s burst=3");
  EXPECT_TRUE(key->admits(at("0s")));
  EXPECT_TRUE(key->admits(at("0s")));
  EXPECT_TRUE(key->admits(at("0s")));
  EXPECT_FALSE(key->admits(at("0s")));
  // TAT is 3 s and tau 2 s: what comes at TAT - tau conforms.
  EXPECT_FALSE(key->admits(just_before("1s")));
  EXPECT_TRUE(key->admits(at("1s")));
  EXPECT_FALSE(key->admits(just_before("2s")));
  EXPECT_TRUE(key->admits(at("2s")));
}

TEST(Gcra, ADenialCostsNothing) {
  const auto key = new_key<GcraEntry>("rate=1/s burst=1");
  EXPECT_TRUE(key->admits(at("0s")));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(key->admits(just_before("1s")));
  EXPECT_TRUE(key->admits(at("1s")));
}

TEST(Gcra, AnIdleKeyEarnsNoMoreThanTheBurst) {
  const auto key = new_key<GcraEntry>("rate=1/s burst=3");
  EXPECT_TRUE(key->admits(at("0s")));
  EXPECT_FALSE(key->admits(at("1h"), 4));
  EXPECT_TRUE(key->admits(at("1h"), 3));
  EXPECT_FALSE(key->admits(at("1h")));
}

TEST(Gcra, IsExactWhereTheIntervalIsNoWholeNumberOfNanoseconds) {
  const auto key = new_key<GcraEntry>("rate=3/s burst=1");
  EXPECT_TRUE(key->admits(at("0s")));
  EXPECT_FALSE(key->admits(at("333333333ns")));
  EXPECT_TRUE(key->admits(at("333333334ns")));
  // The interval counts from the last admission, not from when it was due.
  EXPECT_FALSE(key->admits(at("666666667ns")));
  EXPECT_TRUE(key->admits(at("666666668ns")));
}

TEST(Gcra, TellsTheEarliestInstantAndWhatRemains) {
  const auto key = new_key<GcraEntry>("rate=1/s burst=3");
  EXPECT_TRUE(key->admits(at("0s"), 2));
  EXPECT_EQ(key->earliest(at("0s"), 1), at("0s"));
  EXPECT_EQ(key->earliest(at("0s"), 2), at("1s"));
  EXPECT_EQ(key->earliest(at("0s"), 3), at("2s"));
  EXPECT_EQ(key->earliest(at("0s"), 4), std::nullopt);
  EXPECT_EQ(key->quota(at("0s")),
            (Quota{.limit = 3, .remaining = 1, .reset_after = duration("2s")}));
  EXPECT_EQ(key->quota(just_before("1s")).remaining, 1);
  EXPECT_EQ(key->quota(at("1s")).remaining, 2);
}

TEST(Gcra, DecidesAlikeWithWideTicks) {
  const Parameters parameters = parameters_of(GcraEntry::info(), "rate=7/13ns burst=3").value();
  const auto narrow = GcraEntry::make(parameters, {.start = midnight});
  const auto wide = GcraEntry::make(parameters, {.start = midnight, .wide_ticks = true});
  ASSERT_TRUE(narrow);
  ASSERT_TRUE(wide);
  EXPECT_EQ(narrow->index(), 0U);
  EXPECT_EQ(wide->index(), 1U);
  const auto a = one_key(*narrow);
  const auto b = one_key(*wide);
  for (int i = 0; i < 1'000; ++i) {
    const Instant now = midnight + Duration::from_ns(i / 3);
    EXPECT_EQ(a->admits(now), b->admits(now)) << i;
    EXPECT_EQ(a->quota(now), b->quota(now)) << i;
  }
}

TEST(Gcra, TakesWideTicksWhereNarrowOnesCannotHoldTheHorizon) {
  // 2^53 units a nanosecond need 2^53 ticks in each.
  const Parameters parameters =
      parameters_of(GcraEntry::info(), "rate=9007199254740992/1ns burst=1").value();
  EXPECT_EQ(GcraEntry::make(parameters, {.start = midnight})->index(), 1U);
}

TEST(Gcra, SaysWhatCannotBe) {
  EXPECT_EQ(blamed<GcraEntry>("rate=0/s burst=1"), "rate");
  EXPECT_EQ(blamed<GcraEntry>("rate=1/3660d burst=1"), "");
  EXPECT_EQ(blamed<GcraEntry>("rate=1/3661d burst=1"), "rate");
}

}  // namespace
}  // namespace weir::limiter
