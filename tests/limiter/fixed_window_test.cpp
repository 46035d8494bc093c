#include "limiter/fixed_window.hpp"

#include "limiter/one_key.hpp"

namespace weir::limiter {
namespace {

TEST(FixedWindow, StartsAnewAtMultiplesOfTheWindow) {
  const auto key = new_key<FixedWindowEntry>("limit=2 window=10s");
  EXPECT_TRUE(key->admits(at("3s")));
  EXPECT_TRUE(key->admits(just_before("10s")));
  EXPECT_FALSE(key->admits(just_before("10s")));
  EXPECT_TRUE(key->admits(at("10s")));
  EXPECT_TRUE(key->admits(at("10s")));
  EXPECT_FALSE(key->admits(just_before("20s")));
  EXPECT_TRUE(key->admits(at("20s")));
}

TEST(FixedWindow, AlignsWindowsBefore1970Alike) {
  const auto key = new_key<FixedWindowEntry>("limit=1 window=10s");
  EXPECT_TRUE(key->admits(Instant::from_unix_ns(-10'000'000'000)));
  EXPECT_FALSE(key->admits(Instant::from_unix_ns(-1)));
  EXPECT_TRUE(key->admits(Instant::from_unix_ns(0)));
  EXPECT_FALSE(key->admits(Instant::from_unix_ns(9'999'999'999)));
  EXPECT_TRUE(key->admits(Instant::from_unix_ns(10'000'000'000)));
}

TEST(FixedWindow, CanBeginWithAKeysFirstRequest) {
  const auto key = new_key<FixedWindowEntry>("limit=2 window=10s anchor=first-request");
  EXPECT_TRUE(key->admits(at("3s")));
  EXPECT_TRUE(key->admits(at("4s")));
  EXPECT_FALSE(key->admits(just_before("13s")));
  // The next window does not begin at 13 s but with the first request from then on.
  EXPECT_TRUE(key->admits(at("16s"), 2));
  EXPECT_FALSE(key->admits(just_before("26s")));
  EXPECT_TRUE(key->admits(at("26s")));
}

TEST(FixedWindow, ARequestThatIsNotCountedOpensNoWindow) {
  const auto key = new_key<FixedWindowEntry>("limit=2 window=10s anchor=first-request");
  EXPECT_FALSE(key->admits(at("0s"), 3));
  EXPECT_TRUE(key->admits(at("1s"), 0));
  EXPECT_TRUE(key->admits(at("5s"), 2));
  EXPECT_FALSE(key->admits(just_before("15s")));
  EXPECT_TRUE(key->admits(at("15s")));
}

TEST(FixedWindow, ADenialIsFreeUnlessItIsCounted) {
  const auto free = new_key<FixedWindowEntry>("limit=5 window=10s");
  EXPECT_TRUE(free->admits(at("0s"), 3));
  EXPECT_FALSE(free->admits(at("1s"), 4));
  EXPECT_TRUE(free->admits(at("2s"), 2));

  const auto counted = new_key<FixedWindowEntry>("limit=5 window=10s count_denied=true");
  EXPECT_TRUE(counted->admits(at("0s"), 3));
  EXPECT_FALSE(counted->admits(at("1s"), 4));
  EXPECT_FALSE(counted->admits(at("2s"), 1));
  EXPECT_EQ(counted->earliest(at("2s"), 1), at("10s"));
  EXPECT_TRUE(counted->admits(at("10s"), 5));
}

TEST(FixedWindow, TellsTheWindowsEndAsTheEarliestInstant) {
  const auto key = new_key<FixedWindowEntry>("limit=2 window=10s");
  EXPECT_TRUE(key->admits(at("3s"), 2));
  EXPECT_EQ(key->earliest(at("4s"), 1), at("10s"));
  EXPECT_EQ(key->earliest(at("4s"), 0), at("4s"));
  EXPECT_EQ(key->earliest(at("4s"), 3), std::nullopt);
  EXPECT_EQ(key->earliest(at("10s"), 2), at("10s"));
}

TEST(FixedWindow, TellsWhatRemains) {
  const auto key = new_key<FixedWindowEntry>("limit=5 window=10s");
  EXPECT_EQ(key->quota(at("1s")), (Quota{.limit = 5, .remaining = 5, .reset_after = {}}));
  EXPECT_TRUE(key->admits(at("1s"), 2));
  EXPECT_EQ(key->quota(at("4s")),
            (Quota{.limit = 5, .remaining = 3, .reset_after = duration("6s")}));
  EXPECT_EQ(key->quota(at("10s")), (Quota{.limit = 5, .remaining = 5, .reset_after = {}}));
}

TEST(FixedWindow, AdmitsTwiceTheLimitAroundABorderAndNoMore) {
  const auto key = new_key<FixedWindowEntry>("limit=2 window=10s");
  EXPECT_TRUE(key->admits(just_before("10s"), 2));
  EXPECT_TRUE(key->admits(at("10s"), 2));
  EXPECT_FALSE(key->admits(just_before("20s")));
  EXPECT_TRUE(key->admits(at("20s"), 2));
  EXPECT_EQ(key->bound(duration("0s")), 2);
  EXPECT_EQ(key->bound(duration("1ns")), 4);
  EXPECT_EQ(key->bound(duration("10s")), 4);
  EXPECT_EQ(key->bound(duration("10s") + Duration::from_ns(1)), 6);
}

TEST(FixedWindow, ALimitOf0AdmitsWhatCostsNothing) {
  const auto key = new_key<FixedWindowEntry>("limit=0 window=10s");
  EXPECT_TRUE(key->admits(at("0s"), 0));
  EXPECT_FALSE(key->admits(at("0s"), 1));
  EXPECT_EQ(key->earliest(at("0s"), 1), std::nullopt);
}

TEST(FixedWindow, AWindowMayBeOneNanosecondLong) {
  const auto key = new_key<FixedWindowEntry>("limit=1 window=1ns");
  for (const int ns : {0, 1, 2}) {
    const Instant now = midnight + Duration::from_ns(ns);
    EXPECT_TRUE(key->admits(now));
    EXPECT_FALSE(key->admits(now));
  }
}

}  // namespace
}  // namespace weir::limiter
