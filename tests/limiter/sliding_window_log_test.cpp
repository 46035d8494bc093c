#include "limiter/sliding_window_log.hpp"

#include "limiter/one_key.hpp"

namespace weir::limiter {
namespace {

TEST(SlidingWindowLog, ARequestExactlyAWindowOldNoLongerCounts) {
  const auto key = new_key<SlidingWindowLogEntry>("limit=2 window=10s");
  EXPECT_TRUE(key->admits(at("0s")));
  EXPECT_TRUE(key->admits(at("4s")));
  EXPECT_FALSE(key->admits(just_before("10s")));
  EXPECT_TRUE(key->admits(at("10s")));
  EXPECT_FALSE(key->admits(just_before("14s")));
  EXPECT_TRUE(key->admits(at("14s")));
}

TEST(SlidingWindowLog, ALargerCostWaitsForMoreToLeave) {
  const auto key = new_key<SlidingWindowLogEntry>("limit=5 window=10s");
  EXPECT_TRUE(key->admits(at("0s"), 1));
  EXPECT_TRUE(key->admits(at("3s"), 2));
  EXPECT_TRUE(key->admits(at("6s"), 2));
  EXPECT_EQ(key->earliest(at("7s"), 1), at("10s"));
  EXPECT_EQ(key->earliest(at("7s"), 2), at("13s"));
  EXPECT_EQ(key->earliest(at("7s"), 3), at("13s"));
  EXPECT_EQ(key->earliest(at("7s"), 4), at("16s"));
  EXPECT_EQ(key->earliest(at("7s"), 5), at("16s"));
  EXPECT_EQ(key->earliest(at("7s"), 6), std::nullopt);
  EXPECT_FALSE(key->admits(just_before("13s"), 3));
  EXPECT_TRUE(key->admits(at("13s"), 3));
}

TEST(SlidingWindowLog, WhoKeepsTryingStaysDeniedWhereDenialsCount) {
  const auto key = new_key<SlidingWindowLogEntry>("limit=2 window=10s count_denied=true");
  EXPECT_TRUE(key->admits(at("0s")));
  EXPECT_TRUE(key->admits(at("1s")));
  for (const char* t : {"5s", "9s", "14s", "18s", "23s"}) EXPECT_FALSE(key->admits(at(t))) << t;
  // Those at 18 s and 23 s still count until 28 s.
  EXPECT_EQ(key->earliest(at("23s"), 1), at("28s"));
  EXPECT_FALSE(key->admits(just_before("28s")));
  // That one was counted too, beside the one at 23 s.
  EXPECT_FALSE(key->admits(at("28s")));
  EXPECT_EQ(key->earliest(at("28s"), 2), at("38s"));
  EXPECT_TRUE(key->admits(at("38s"), 2));
}

TEST(SlidingWindowLog, RemembersNoMoreDenialsThanMatter) {
  const SlidingWindowLog limiter =
      made<SlidingWindowLogEntry>("limit=10 window=1s count_denied=true");
  SlidingWindowLog::State state;
  for (int i = 0; i < 100'000; ++i) {
    const Instant now = midnight + Duration::from_us(i);
    if (limiter.check(state, now, 1).allowed) {
      limiter.charge(state, now, 1);
    } else {
      limiter.charge_denied(state, now, 1);
    }
  }
  // Ten entries matter; some room to grow is fine, 100,000 entries are not.
  EXPECT_LE(SlidingWindowLog::owned_bytes(state), 64 * 16U);
}

TEST(SlidingWindowLog, RemembersNoMoreThanAFewWindowsHold) {
  const SlidingWindowLog limiter = made<SlidingWindowLogEntry>("limit=1000 window=1s");
  SlidingWindowLog::State state;
  int admitted = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Instant now = midnight + Duration::from_ms(i);
    if (!limiter.check(state, now, 1).allowed) continue;
    limiter.charge(state, now, 1);
    ++admitted;
  }
  EXPECT_EQ(admitted, 100'000);
  EXPECT_LE(SlidingWindowLog::owned_bytes(state), 3 * 1000 * 16U);
}

TEST(SlidingWindowLog, ManyLargeDenialsAtOneInstantCountAsTheLimit) {
  const auto key =
      new_key<SlidingWindowLogEntry>("limit=9007199254740992 window=10s count_denied=true");
  for (int i = 0; i < 5'000; ++i) key->decide(at("0s"), largest_cost);
  EXPECT_FALSE(key->admits(just_before("10s"), 1));
  EXPECT_FALSE(key->admits(at("10s"), largest_cost));
  EXPECT_EQ(key->earliest(at("10s"), largest_cost), at("20s"));
  EXPECT_EQ(key->quota(at("20s")).remaining, largest_cost);
}

TEST(SlidingWindowLog, ACopiedStateIsAnotherOne) {
  const SlidingWindowLog limiter = made<SlidingWindowLogEntry>("limit=1 window=10s");
  SlidingWindowLog::State state;
  SlidingWindowLog::State copy = state;
  limiter.charge(copy, at("0s"), 1);
  EXPECT_FALSE(limiter.check(copy, at("1s"), 1).allowed);
  EXPECT_TRUE(limiter.check(state, at("1s"), 1).allowed);
}

TEST(SlidingWindowLog, TellsWhatRemains) {
  const auto key = new_key<SlidingWindowLogEntry>("limit=5 window=10s");
  EXPECT_EQ(key->quota(at("0s")), (Quota{.limit = 5, .remaining = 5, .reset_after = {}}));
  EXPECT_TRUE(key->admits(at("0s"), 2));
  EXPECT_TRUE(key->admits(at("3s"), 1));
  EXPECT_EQ(key->quota(just_before("10s")),
            (Quota{.limit = 5, .remaining = 2, .reset_after = duration("3s1ns")}));
  EXPECT_EQ(key->quota(at("10s")),
            (Quota{.limit = 5, .remaining = 4, .reset_after = duration("3s")}));
  EXPECT_EQ(key->quota(at("13s")), (Quota{.limit = 5, .remaining = 5, .reset_after = {}}));
}

TEST(SlidingWindowLog, AdmitsTheLimitInAnyWindow) {
  const auto key = new_key<SlidingWindowLogEntry>("limit=2 window=10s");
  EXPECT_EQ(key->bound(duration("0s")), 2);
  EXPECT_EQ(key->bound(duration("10s") - Duration::from_ns(1)), 2);
  // Closed at both ends: two at its beginning and two at its end.
  EXPECT_EQ(key->bound(duration("10s")), 4);
  EXPECT_TRUE(key->admits(at("0s"), 2));
  EXPECT_TRUE(key->admits(at("10s"), 2));
}

TEST(SlidingWindowLog, ALimitOf0AdmitsWhatCostsNothing) {
  for (const char* setting : {"limit=0 window=10s", "limit=0 window=10s count_denied=true"}) {
    const auto key = new_key<SlidingWindowLogEntry>(setting);
    EXPECT_FALSE(key->admits(at("0s"), 1));
    EXPECT_TRUE(key->admits(at("0s"), 0));
    EXPECT_EQ(key->earliest(at("0s"), 1), std::nullopt);
  }
}

}  // namespace
}  // namespace weir::limiter
