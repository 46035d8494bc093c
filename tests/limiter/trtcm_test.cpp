#include "limiter/trtcm.hpp"

#include "limiter/one_key.hpp"

namespace weir::limiter {
namespace {

TEST(Trtcm, BothBucketsMustHaveEnough) {
  // Committed: 4, one a second. Peak: 2, four a second.
  const auto key = new_key<TrtcmEntry>("rate=1/s burst=4 peak_rate=4/s peak_burst=2");
  EXPECT_TRUE(key->admits(at("0s"), 2));
  // Red: the peak bucket is empty, and gets its next token after 250 ms.
  EXPECT_FALSE(key->admits(just_before("250ms")));
  EXPECT_TRUE(key->admits(at("250ms")));
  EXPECT_TRUE(key->admits(at("500ms")));
  // Yellow: of the four committed tokens all are gone, and half of another has come.
  EXPECT_FALSE(key->admits(just_before("1s")));
  EXPECT_TRUE(key->admits(at("1s")));
}

TEST(Trtcm, WhatIsNotGreenTakesNothing) {
  const auto key = new_key<TrtcmEntry>("rate=1/s burst=1 peak_rate=2/s peak_burst=3");
  EXPECT_TRUE(key->admits(at("0s")));
  // Yellow, many times: RFC 2698 would take each from the peak bucket, which then would be empty.
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(key->admits(just_before("1s")));
  EXPECT_TRUE(key->admits(at("1s")));
}

TEST(Trtcm, TheEarliestInstantIsTheLaterOfTheTwo) {
  const auto key = new_key<TrtcmEntry>("rate=1/s burst=4 peak_rate=4/s peak_burst=2");
  EXPECT_TRUE(key->admits(at("0s"), 2));
  EXPECT_EQ(key->earliest(at("0s"), 1), at("250ms"));
  EXPECT_EQ(key->earliest(at("0s"), 2), at("500ms"));
  EXPECT_TRUE(key->admits(at("500ms"), 2));
  // 500 ms of the committed token that has been coming since 0 s are left.
  EXPECT_EQ(key->earliest(at("500ms"), 1), at("1s"));
  EXPECT_EQ(key->earliest(at("500ms"), 2), at("2s"));
  EXPECT_EQ(key->earliest(at("500ms"), 3), std::nullopt);
}

TEST(Trtcm, TellsWhatRemainsOfTheLesser) {
  const auto key = new_key<TrtcmEntry>("rate=1/s burst=4 peak_rate=4/s peak_burst=2");
  EXPECT_TRUE(key->admits(at("0s"), 2));
  EXPECT_EQ(key->quota(at("0s")),
            (Quota{.limit = 2, .remaining = 0, .reset_after = duration("500ms")}));
  EXPECT_EQ(key->quota(at("250ms")).remaining, 1);
  EXPECT_TRUE(key->admits(at("500ms"), 2));
  EXPECT_EQ(key->quota(at("500ms")).reset_after, duration("1.5s"));
}

TEST(Trtcm, ItsBoundIsTheLesserOfBoth) {
  const auto key = new_key<TrtcmEntry>("rate=1/s burst=4 peak_rate=4/s peak_burst=2");
  EXPECT_EQ(key->bound(duration("0s")), 2);
  EXPECT_EQ(key->bound(duration("250ms")), 3);
  EXPECT_EQ(key->bound(duration("500ms")), 4);
  EXPECT_EQ(key->bound(just_before("1s") - midnight), 4);
  EXPECT_EQ(key->bound(duration("1s")), 5);
  EXPECT_EQ(key->bound(duration("10s")), 14);
}

TEST(Trtcm, SaysWhatCannotBe) {
  EXPECT_EQ(blamed<TrtcmEntry>("rate=60/1m burst=1 peak_rate=1/s peak_burst=1"), "");
  EXPECT_EQ(blamed<TrtcmEntry>("rate=61/1m burst=1 peak_rate=1/s peak_burst=1"), "peak_rate");
  EXPECT_EQ(blamed<TrtcmEntry>("rate=1/3661d burst=1 peak_rate=1/s peak_burst=1"), "rate");
  EXPECT_EQ(blamed<TrtcmEntry>("rate=0/s burst=1 peak_rate=1/3661d peak_burst=1"), "peak_rate");
}

}  // namespace
}  // namespace weir::limiter
