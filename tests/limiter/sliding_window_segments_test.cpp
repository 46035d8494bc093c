#include "limiter/sliding_window_segments.hpp"

#include <utility>
#include <vector>

#include "core/random.hpp"
#include "limiter/fixed_window.hpp"
#include "limiter/one_key.hpp"

namespace weir::limiter {
namespace {

Instant ns(std::int64_t after_epoch) { return Instant::from_unix_ns(after_epoch); }

TEST(SlidingWindowSegments, ASegmentLeavesTheWindowAtOnce) {
  const auto key = new_key<SlidingWindowSegmentsEntry>("limit=3 window=1m segments=6");
  // Two in the segment from 0 s and one in that from 10 s.
  EXPECT_TRUE(key->admits(at("1s")));
  EXPECT_TRUE(key->admits(just_before("10s")));
  EXPECT_TRUE(key->admits(at("10s")));
  EXPECT_FALSE(key->admits(just_before("1m")));
  EXPECT_TRUE(key->admits(at("1m"), 2));
  EXPECT_FALSE(key->admits(just_before("1m10s")));
  EXPECT_TRUE(key->admits(at("1m10s")));
}

TEST(SlidingWindowSegments, BordersAreExactWhereTheWindowCannotBeDivided) {
  // Segments of 3 1/3 ns: the nanoseconds 0 to 3, 4 to 6, and 7 to 9.
  const std::vector<std::pair<int, int>> admitted_and_leaves = {
      {-1, 7}, {0, 10}, {3, 10}, {4, 14}, {6, 14}, {7, 17}, {9, 17}, {10, 20}};
  for (const auto& [admitted, leaves] : admitted_and_leaves) {
    const auto key = new_key<SlidingWindowSegmentsEntry>("limit=1 window=10ns segments=3");
    EXPECT_TRUE(key->admits(ns(admitted)));
    EXPECT_EQ(key->earliest(ns(admitted), 1), ns(leaves)) << admitted;
    EXPECT_FALSE(key->admits(ns(leaves - 1))) << admitted;
    EXPECT_TRUE(key->admits(ns(leaves))) << admitted;
  }
}

TEST(SlidingWindowSegments, SegmentsMayBeginWithAKeysFirstRequest) {
  const auto key =
      new_key<SlidingWindowSegmentsEntry>("limit=2 window=1m segments=2 anchor=first-request");
  EXPECT_TRUE(key->admits(at("7s")));
  EXPECT_TRUE(key->admits(at("37s")));
  EXPECT_FALSE(key->admits(just_before("1m7s")));
  EXPECT_TRUE(key->admits(at("1m7s")));
  EXPECT_FALSE(key->admits(just_before("1m37s")));
  // From 2m7s on nothing is in the window: the next request begins a new one.
  EXPECT_TRUE(key->admits(at("2m20s"), 2));
  EXPECT_FALSE(key->admits(just_before("3m20s")));
  EXPECT_TRUE(key->admits(at("3m20s")));
}

TEST(SlidingWindowSegments, ALargerCostWaitsForMoreSegments) {
  const auto key = new_key<SlidingWindowSegmentsEntry>("limit=4 window=1m segments=4");
  EXPECT_TRUE(key->admits(at("0s"), 1));
  EXPECT_TRUE(key->admits(at("20s"), 2));
  EXPECT_TRUE(key->admits(at("40s"), 1));
  EXPECT_EQ(key->earliest(at("45s"), 1), at("1m"));
  EXPECT_EQ(key->earliest(at("45s"), 2), at("1m15s"));
  EXPECT_EQ(key->earliest(at("45s"), 3), at("1m15s"));
  EXPECT_EQ(key->earliest(at("45s"), 4), at("1m30s"));
  EXPECT_EQ(key->earliest(at("45s"), 5), std::nullopt);
}

TEST(SlidingWindowSegments, OneSegmentIsAFixedWindow) {
  const auto segments = new_key<SlidingWindowSegmentsEntry>("limit=3 window=7ns segments=1");
  const auto fixed = new_key<FixedWindowEntry>("limit=3 window=7ns");
  RandomSequence draws(RandomStream(7));
  Instant now = ns(-100'000);
  for (int i = 0; i < 100'000; ++i) {
    now += Duration::from_ns(static_cast<std::int64_t>(draws.below(5)));
    ASSERT_EQ(segments->admits(now), fixed->admits(now)) << now.unix_ns();
  }
}

TEST(SlidingWindowSegments, TellsWhatRemains) {
  const auto key = new_key<SlidingWindowSegmentsEntry>("limit=5 window=1m segments=6");
  EXPECT_TRUE(key->admits(at("5s"), 2));
  EXPECT_TRUE(key->admits(at("15s"), 1));
  EXPECT_EQ(key->quota(at("20s")),
            (Quota{.limit = 5, .remaining = 2, .reset_after = duration("50s")}));
  EXPECT_EQ(key->quota(just_before("1m")).remaining, 2);
  EXPECT_EQ(key->quota(at("1m")).remaining, 4);
  EXPECT_EQ(key->quota(at("1m10s")), (Quota{.limit = 5, .remaining = 5, .reset_after = {}}));
}

TEST(SlidingWindowSegments, ItsBoundCountsTheSegmentsThatAnIntervalCanTouch) {
  const auto key = new_key<SlidingWindowSegmentsEntry>("limit=3 window=1m segments=6");
  // 50 s from the last nanosecond of a segment reach into the fifth after it, and no further.
  EXPECT_EQ(key->bound(duration("50s")), 3);
  EXPECT_EQ(key->bound(duration("50s") + Duration::from_ns(1)), 6);
  EXPECT_TRUE(key->admits(just_before("10s"), 3));
  EXPECT_FALSE(key->admits(just_before("1m")));
  EXPECT_TRUE(key->admits(at("1m"), 3));
}

TEST(SlidingWindowSegments, RemembersOneEntryASegment) {
  const SlidingWindowSegments limiter =
      made<SlidingWindowSegmentsEntry>("limit=1000000 window=1s segments=10");
  SlidingWindowSegments::State state;
  for (int i = 0; i < 100'000; ++i) limiter.charge(state, midnight + Duration::from_us(50 * i), 1);
  EXPECT_LE(SlidingWindowSegments::owned_bytes(state), 3 * 10 * 16U);
}

TEST(SlidingWindowSegments, ASegmentIsAtLeastANanosecondLong) {
  EXPECT_EQ(blamed<SlidingWindowSegmentsEntry>("limit=1 window=7ns segments=7"), "");
  EXPECT_EQ(blamed<SlidingWindowSegmentsEntry>("limit=1 window=7ns segments=8"), "segments");
}

}  // namespace
}  // namespace weir::limiter
