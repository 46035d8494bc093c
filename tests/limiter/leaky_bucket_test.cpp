#include "limiter/leaky_bucket.hpp"

#include "limiter/one_key.hpp"

namespace weir::limiter {
namespace {

TEST(LeakyBucket, DrainsEvenlyAndMustNotOverflow) {
  const auto key = new_key<LeakyBucketEntry>("capacity=3 rate=2/s");
  EXPECT_TRUE(key->admits(at("0s"), 3));
  // Half a unit short of room until half a second has passed.
  EXPECT_FALSE(key->admits(just_before("500ms")));
  EXPECT_TRUE(key->admits(at("500ms")));
  EXPECT_FALSE(key->admits(just_before("1.5s"), 2));
  EXPECT_TRUE(key->admits(at("1.5s"), 2));
}

TEST(LeakyBucket, IsEmptyAfterALongTimeAndNotMore) {
  const auto key = new_key<LeakyBucketEntry>("capacity=3 rate=2/s");
  EXPECT_TRUE(key->admits(at("0s")));
  EXPECT_FALSE(key->admits(at("1h"), 4));
  EXPECT_TRUE(key->admits(at("1h"), 3));
  EXPECT_FALSE(key->admits(at("1h")));
}

TEST(LeakyBucket, TellsWhenThereIsRoom) {
  const auto key = new_key<LeakyBucketEntry>("capacity=3 rate=2/s");
  EXPECT_TRUE(key->admits(at("0s"), 3));
  EXPECT_EQ(key->earliest(at("100ms"), 1), at("500ms"));
  EXPECT_EQ(key->earliest(at("100ms"), 3), at("1.5s"));
  EXPECT_EQ(key->earliest(at("100ms"), 4), std::nullopt);
  EXPECT_EQ(key->quota(at("1s")),
            (Quota{.limit = 3, .remaining = 2, .reset_after = duration("500ms")}));
}

TEST(LeakyBucket, MayNeverDrain) {
  const auto key = new_key<LeakyBucketEntry>("capacity=3 rate=0/s");
  EXPECT_TRUE(key->admits(at("0s"), 2));
  EXPECT_FALSE(key->admits(at("5w"), 2));
  EXPECT_EQ(key->earliest(at("5w"), 2), std::nullopt);
  EXPECT_TRUE(key->admits(at("5w"), 1));
  EXPECT_EQ(key->bound(duration("5w")), 3);
}

TEST(LeakyBucket, ItsBoundIsTheCapacityAndWhatDrainsInTheInterval) {
  const auto key = new_key<LeakyBucketEntry>("capacity=3 rate=2/s");
  EXPECT_EQ(key->bound(duration("0s")), 3);
  EXPECT_EQ(key->bound(duration("500ms") - Duration::from_ns(1)), 3);
  EXPECT_EQ(key->bound(duration("500ms")), 4);
  EXPECT_EQ(key->bound(duration("10s")), 23);
}

TEST(LeakyBucket, SaysWhatCannotBe) {
  EXPECT_EQ(blamed<LeakyBucketEntry>("capacity=0 rate=0/s"), "");
  EXPECT_EQ(blamed<LeakyBucketEntry>("capacity=3 rate=1/3661d"), "rate");
}

}  // namespace
}  // namespace weir::limiter
