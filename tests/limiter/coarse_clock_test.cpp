#include "limiter/coarse_clock.hpp"

#include <gtest/gtest.h>

namespace weir::limiter {
namespace {

constexpr CoarseClock ms_clock = CoarseClock::milliseconds();

TEST(CoarseClock, RoundsDownBeforeTheEpochToo) {
  EXPECT_EQ(ms_clock.ticks_at(Instant::from_unix_ns(1'999'999)), 1);
  EXPECT_EQ(ms_clock.ticks_at(Instant::from_unix_ns(2'000'000)), 2);
  EXPECT_EQ(ms_clock.ticks_at(Instant::from_unix_ns(-1)), -1);
  EXPECT_EQ(ms_clock.ticks_at(Instant::from_unix_ns(-1'000'000)), -1);
  EXPECT_EQ(ms_clock.ticks_at(Instant::from_unix_ns(-1'000'001)), -2);
  EXPECT_EQ(CoarseClock::seconds().ticks_at(Instant::from_unix_ns(999'999'999)), 0);
}

TEST(CoarseClock, KnowsWhenATickBegins) {
  const auto at = ms_clock.instant_of(-7);
  ASSERT_TRUE(at.has_value());
  EXPECT_EQ(ms_clock.ticks_at(*at), -7);
  EXPECT_EQ(ms_clock.ticks_at(*at - Duration::from_ns(1)), -8);
}

TEST(CoarseClock, HasNoInstantBeyondTheEndOfTime) {
  const std::int64_t last = ms_clock.ticks_at(Instant::max());
  EXPECT_TRUE(ms_clock.instant_of(last).has_value());
  EXPECT_EQ(ms_clock.instant_of(last + 1), std::nullopt);
  EXPECT_EQ(ms_clock.instant_of(ms_clock.ticks_at(Instant::min())), Instant::min());
}

TEST(CoarseClock, CountsTheTicksThatAnIntervalCanCross) {
  EXPECT_EQ(ms_clock.most_ticks_in(Duration()), 0);
  EXPECT_EQ(ms_clock.most_ticks_in(Duration::from_ns(1)), 1);
  EXPECT_EQ(ms_clock.most_ticks_in(Duration::from_ns(1'000'000)), 1);
  EXPECT_EQ(ms_clock.most_ticks_in(Duration::from_ns(1'000'001)), 2);
}

}  // namespace
}  // namespace weir::limiter
