#include "limiter/sliding_window_counter.hpp"

#include "limiter/one_key.hpp"

namespace weir::limiter {
namespace {

/// 42 in the first minute and 18 in the first 15 seconds of the second, which Cloudflare reckons to
/// be a rate of 42 (60 - 15) / 60 + 18 = 49.5 a minute.
std::unique_ptr<OneKey> cloudflares_example() {
  auto key = new_key<SlidingWindowCounterEntry>("limit=50 window=1m");
  EXPECT_TRUE(key->admits(at("10s"), 42));
  EXPECT_TRUE(key->admits(at("1m15s"), 18));
  return key;
}

TEST(SlidingWindowCounter, WeighsThePreviousWindowByWhatIsLeftOfIt) {
  const auto key = cloudflares_example();
  // One more makes 50.5. It fits when 42 (60 - e) / 60 is down to 31, at e = 15.7142857142857...
  EXPECT_FALSE(key->admits(at("1m15s")));
  EXPECT_EQ(key->earliest(at("1m15s"), 1), at("1m15.714285715s"));
  EXPECT_FALSE(key->admits(at("1m15.714285714s")));
  EXPECT_TRUE(key->admits(at("1m15.714285715s")));
}

TEST(SlidingWindowCounter, RoundsNothing) {
  // With 2 of 3 ns left of a previous 3, used is exactly 2.
  const auto key = new_key<SlidingWindowCounterEntry>("limit=3 window=3ns anchor=first-request");
  EXPECT_TRUE(key->admits(midnight, 3));
  EXPECT_FALSE(key->admits(midnight + Duration::from_ns(3)));
  EXPECT_TRUE(key->admits(midnight + Duration::from_ns(4)));
  EXPECT_FALSE(key->admits(midnight + Duration::from_ns(4)));
  EXPECT_TRUE(key->admits(midnight + Duration::from_ns(5)));
  EXPECT_FALSE(key->admits(midnight + Duration::from_ns(5)));
}

TEST(SlidingWindowCounter, TheEarliestInstantMayLieInTheNextWindowOrBeItsEnd) {
  const auto key = new_key<SlidingWindowCounterEntry>("limit=4 window=1m");
  EXPECT_TRUE(key->admits(at("5s"), 4));
  // Within this minute nothing fades. In the next, one fits when 4 (60 - e) / 60 is down to 3.
  EXPECT_EQ(key->earliest(at("6s"), 1), at("1m15s"));
  EXPECT_EQ(key->earliest(at("6s"), 3), at("1m45s"));
  // All four have to fade: until the end of the next minute.
  EXPECT_EQ(key->earliest(at("6s"), 4), at("2m"));
  EXPECT_EQ(key->earliest(at("6s"), 5), std::nullopt);
  EXPECT_FALSE(key->admits(just_before("1m15s")));
  EXPECT_TRUE(key->admits(at("1m15s")));
}

TEST(SlidingWindowCounter, ThePreviousWindowIsTheOneJustBefore) {
  const auto key = new_key<SlidingWindowCounterEntry>("limit=4 window=1m");
  EXPECT_TRUE(key->admits(at("59s"), 4));
  EXPECT_FALSE(key->admits(just_before("2m"), 4));
  EXPECT_TRUE(key->admits(at("2m"), 4));
}

TEST(SlidingWindowCounter, WindowsMayBeginWithAKeysFirstRequest) {
  const auto key = new_key<SlidingWindowCounterEntry>("limit=4 window=1m anchor=first-request");
  EXPECT_TRUE(key->admits(at("10s"), 4));
  EXPECT_EQ(key->earliest(at("20s"), 1), at("1m25s"));
  EXPECT_FALSE(key->admits(just_before("1m25s")));
  EXPECT_TRUE(key->admits(at("1m25s")));
  // That was in the window from 1m10s. Both are empty from 3m10s on: windows then begin anew.
  EXPECT_TRUE(key->admits(at("3m30s"), 4));
  EXPECT_FALSE(key->admits(just_before("4m45s")));
  EXPECT_TRUE(key->admits(at("4m45s")));
}

TEST(SlidingWindowCounter, IsNotAnchoredAnewWhileAWindowStillCounts) {
  const auto key = new_key<SlidingWindowCounterEntry>("limit=4 window=1m anchor=first-request");
  EXPECT_TRUE(key->admits(at("10s"), 4));
  // The window from 10 s counts until 2m10s.
  EXPECT_TRUE(key->admits(just_before("2m10s"), 3));
  EXPECT_FALSE(key->admits(just_before("2m10s"), 1));
  EXPECT_TRUE(key->admits(at("2m10s"), 1));
}

TEST(SlidingWindowCounter, DenialsMayCount) {
  const auto key = new_key<SlidingWindowCounterEntry>("limit=4 window=1m count_denied=true");
  EXPECT_TRUE(key->admits(at("0s"), 4));
  EXPECT_FALSE(key->admits(at("1s"), 4));
  // Eight counted: one fits when 8 (60 - e) / 60 is down to 3.
  EXPECT_EQ(key->earliest(at("1s"), 1), at("1m37.5s"));
  EXPECT_TRUE(key->admits(at("1m37.5s"), 1));
}

TEST(SlidingWindowCounter, TellsWhatRemains) {
  const auto key = cloudflares_example();
  // 0.5 of a request is left, so none; and all of it is back at the end of the third minute.
  EXPECT_EQ(key->quota(at("1m15s")),
            (Quota{.limit = 50, .remaining = 0, .reset_after = duration("1m45s")}));
  EXPECT_EQ(key->quota(at("1m15.714285714s")).remaining, 0);
  EXPECT_EQ(key->quota(at("1m15.714285715s")).remaining, 1);
  EXPECT_EQ(key->quota(at("3m")), (Quota{.limit = 50, .remaining = 50, .reset_after = {}}));
}

TEST(SlidingWindowCounter, AdmitsUpToTwiceTheLimitInAWindowsTime) {
  const auto key = new_key<SlidingWindowCounterEntry>("limit=10 window=1m");
  EXPECT_EQ(key->bound(duration("0s")), 10);
  EXPECT_EQ(key->bound(duration("1m")), 19);
  EXPECT_EQ(key->bound(duration("1m") + Duration::from_ns(1)), 20);
  // Ten at the end of one minute, and nine that fit by the last nanosecond of the next.
  EXPECT_TRUE(key->admits(just_before("1m"), 10));
  int more = 0;
  while (key->admits(just_before("2m"))) ++more;
  EXPECT_EQ(more, 9);
}

TEST(SlidingWindowCounter, ALimitOf0AdmitsWhatCostsNothing) {
  const auto key = new_key<SlidingWindowCounterEntry>("limit=0 window=10s");
  EXPECT_FALSE(key->admits(at("0s"), 1));
  EXPECT_TRUE(key->admits(at("0s"), 0));
  EXPECT_EQ(key->earliest(at("0s"), 1), std::nullopt);
}

}  // namespace
}  // namespace weir::limiter
