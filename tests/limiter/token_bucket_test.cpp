#include "limiter/token_bucket.hpp"

#include "limiter/one_key.hpp"

namespace weir::limiter {
namespace {

TEST(TokenBucket, TokensComeEvenlyAndAFractionIsNotEnough) {
  const auto key = new_key<TokenBucketEntry>("capacity=2 rate=3/s");
  EXPECT_TRUE(key->admits(at("0s"), 2));
  // A token takes 333333333 1/3 ns.
  EXPECT_EQ(key->earliest(at("0s"), 1), at("333333334ns"));
  EXPECT_FALSE(key->admits(at("333333333ns")));
  EXPECT_TRUE(key->admits(at("333333334ns")));
  // What was left over of the first counts for the second: 666666666 2/3 ns.
  EXPECT_FALSE(key->admits(at("666666666ns")));
  EXPECT_TRUE(key->admits(at("666666667ns")));
  EXPECT_FALSE(key->admits(just_before("1s")));
  EXPECT_TRUE(key->admits(at("1s")));
}

TEST(TokenBucket, AdmitsExactlyItsRateForEver) {
  const auto key = new_key<TokenBucketEntry>("capacity=2 rate=3/s");
  EXPECT_TRUE(key->admits(midnight, 2));
  Instant now = midnight;
  for (int i = 0; i < 300'000; ++i) {
    now = key->earliest(now, 1).value();
    ASSERT_TRUE(key->admits(now));
  }
  EXPECT_EQ(now, midnight + Duration::from_seconds(100'000));
}

TEST(TokenBucket, HoldsNoMoreThanItsCapacity) {
  const auto key = new_key<TokenBucketEntry>("capacity=2 rate=1/s");
  EXPECT_TRUE(key->admits(at("0s"), 2));
  EXPECT_FALSE(key->admits(at("1h"), 3));
  EXPECT_TRUE(key->admits(at("1h"), 2));
  EXPECT_FALSE(key->admits(at("1h")));
}

TEST(TokenBucket, MayStartWithLessFromAKeysFirstRequestOn) {
  const auto key = new_key<TokenBucketEntry>("capacity=5 rate=1/s initial=1");
  EXPECT_EQ(key->quota(at("10s")).remaining, 1);
  // The first request is denied, and starts the bucket all the same.
  EXPECT_FALSE(key->admits(at("10s"), 2));
  EXPECT_EQ(key->earliest(at("10s"), 2), at("11s"));
  EXPECT_FALSE(key->admits(just_before("11s"), 2));
  EXPECT_TRUE(key->admits(at("11s"), 2));
  EXPECT_FALSE(key->admits(just_before("16s"), 5));
  EXPECT_TRUE(key->admits(at("16s"), 5));
}

TEST(TokenBucket, ARequestThatCostsNothingDoesNotStartTheBucket) {
  const auto key = new_key<TokenBucketEntry>("capacity=5 rate=1/s initial=0");
  EXPECT_TRUE(key->admits(at("0s"), 0));
  EXPECT_FALSE(key->admits(at("10s"), 1));
  EXPECT_FALSE(key->admits(just_before("11s"), 1));
  EXPECT_TRUE(key->admits(at("11s"), 1));
}

TEST(TokenBucket, ARateOf0NeverRefills) {
  for (const char* refill : {"continuous", "interval"}) {
    const auto key =
        new_key<TokenBucketEntry>(std::string("capacity=5 rate=0/s initial=3 refill=") + refill);
    EXPECT_TRUE(key->admits(at("0s"), 2));
    EXPECT_EQ(key->earliest(at("0s"), 2), std::nullopt);
    EXPECT_EQ(key->earliest(at("0s"), 1), at("0s"));
    EXPECT_FALSE(key->admits(at("5w"), 2));
    EXPECT_TRUE(key->admits(at("5w"), 1));
    EXPECT_EQ(key->quota(at("5w")),
              (Quota{.limit = 5, .remaining = 0, .reset_after = Duration::max()}));
    EXPECT_EQ(key->bound(duration("5w")), 3);
  }
}

TEST(TokenBucket, RefillsByIntervalsFromAKeysFirstRequest) {
  const auto key = new_key<TokenBucketEntry>("capacity=5 rate=3/10s refill=interval");
  EXPECT_TRUE(key->admits(at("4s"), 5));
  EXPECT_EQ(key->earliest(at("5s"), 1), at("14s"));
  EXPECT_EQ(key->earliest(at("5s"), 3), at("14s"));
  EXPECT_EQ(key->earliest(at("5s"), 4), at("24s"));
  EXPECT_EQ(key->earliest(at("5s"), 6), std::nullopt);
  EXPECT_FALSE(key->admits(just_before("14s")));
  EXPECT_TRUE(key->admits(at("14s")));
  // Two left, three more at 24 s; a sixth does not fit.
  EXPECT_FALSE(key->admits(just_before("24s"), 3));
  EXPECT_TRUE(key->admits(at("24s"), 5));
  // Its periods go on as they began, however long nothing comes.
  EXPECT_TRUE(key->admits(at("1h"), 5));
  EXPECT_FALSE(key->admits(just_before("1h4s")));
  EXPECT_TRUE(key->admits(at("1h4s"), 3));
}

TEST(TokenBucket, RefillsByIntervalsAtMultiplesOfThePeriod) {
  const auto key =
      new_key<TokenBucketEntry>("capacity=5 rate=3/10s refill=interval anchor=epoch initial=1");
  EXPECT_FALSE(key->admits(at("4s"), 2));
  EXPECT_EQ(key->earliest(at("4s"), 2), at("10s"));
  EXPECT_FALSE(key->admits(just_before("10s"), 2));
  EXPECT_TRUE(key->admits(at("10s"), 4));
}

TEST(TokenBucket, TellsWhatRemains) {
  const auto continuous = new_key<TokenBucketEntry>("capacity=5 rate=2/s");
  EXPECT_TRUE(continuous->admits(at("0s"), 3));
  EXPECT_EQ(continuous->quota(at("0s")),
            (Quota{.limit = 5, .remaining = 2, .reset_after = duration("1.5s")}));
  EXPECT_EQ(continuous->quota(just_before("500ms")).remaining, 2);
  EXPECT_EQ(continuous->quota(at("500ms")).remaining, 3);

  const auto interval = new_key<TokenBucketEntry>("capacity=5 rate=2/s refill=interval");
  EXPECT_TRUE(interval->admits(at("0s"), 3));
  EXPECT_EQ(interval->quota(just_before("1s")),
            (Quota{.limit = 5, .remaining = 2, .reset_after = duration("1s1ns")}));
  EXPECT_EQ(interval->quota(at("1s")),
            (Quota{.limit = 5, .remaining = 4, .reset_after = duration("1s")}));
}

TEST(TokenBucket, ItsBoundIsTheCapacityAndWhatComesInTheInterval) {
  const auto continuous = new_key<TokenBucketEntry>("capacity=2 rate=3/s");
  EXPECT_EQ(continuous->bound(duration("0s")), 2);
  EXPECT_EQ(continuous->bound(duration("333333333ns")), 2);
  EXPECT_EQ(continuous->bound(duration("333333334ns")), 3);
  EXPECT_EQ(continuous->bound(duration("10s")), 32);

  // Five just before a refill of three, and three with it.
  const auto interval = new_key<TokenBucketEntry>("capacity=5 rate=3/10s refill=interval");
  EXPECT_EQ(interval->bound(duration("0s")), 5);
  EXPECT_EQ(interval->bound(duration("1ns")), 8);
  EXPECT_EQ(interval->bound(duration("10s")), 8);
  EXPECT_EQ(interval->bound(duration("10s") + Duration::from_ns(1)), 11);
  EXPECT_TRUE(interval->admits(at("0s"), 0));
  EXPECT_TRUE(interval->admits(at("0s"), 1));
  EXPECT_TRUE(interval->admits(just_before("20s"), 5));
  EXPECT_TRUE(interval->admits(at("20s"), 3));
}

TEST(TokenBucket, SaysWhatCannotBe) {
  EXPECT_EQ(blamed<TokenBucketEntry>("capacity=5 rate=1/s initial=5"), "");
  EXPECT_EQ(blamed<TokenBucketEntry>("capacity=5 rate=1/s initial=6"), "initial");
  EXPECT_EQ(blamed<TokenBucketEntry>("capacity=5 rate=1/s anchor=epoch"), "anchor");
  EXPECT_EQ(blamed<TokenBucketEntry>("capacity=5 rate=1/s anchor=epoch refill=interval"), "");
  EXPECT_EQ(blamed<TokenBucketEntry>("capacity=5 rate=1/3660d"), "");
  EXPECT_EQ(blamed<TokenBucketEntry>("capacity=5 rate=1/3661d"), "rate");
}

}  // namespace
}  // namespace weir::limiter
