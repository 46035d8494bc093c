#include "limiter/saturate.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace weir::limiter {
namespace {

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

TEST(Saturate, StopsAtBothEnds) {
  EXPECT_EQ(saturate(Int128{most} + 1), most);
  EXPECT_EQ(saturate(Int128{most}), most);
  EXPECT_EQ(saturate(Int128{least}), least);
  EXPECT_EQ(saturate(Int128{least} - 1), least);
}

TEST(Saturate, AddsUpToTheEndOfTime) {
  const Instant late = Instant::max() - Duration::from_ns(5);
  EXPECT_EQ(add_saturating(late, Duration::from_ns(5)), Instant::max());
  EXPECT_EQ(add_saturating(late, Duration::from_ns(6)), Instant::max());
  EXPECT_EQ(add_saturating(late, Duration::from_ns(4)), late + Duration::from_ns(4));
  EXPECT_EQ(add_saturating(Instant(), Duration::max()), Instant::max());
}

TEST(Saturate, FloorsNumbersOfAnySize) {
  EXPECT_EQ(saturated_floor(2.999), 2);
  EXPECT_EQ(saturated_floor(-2.001), -3);
  EXPECT_EQ(saturated_floor(-2.0), -2);
  EXPECT_EQ(saturated_floor(0x1p63), most);
  EXPECT_EQ(saturated_floor(0x1.fffffffffffffp62), most - 1023);
  EXPECT_EQ(saturated_floor(-0x1p63), least);
  EXPECT_EQ(saturated_floor(-0x1p64), least);
  EXPECT_EQ(saturated_floor(std::numeric_limits<double>::infinity()), most);
}

TEST(Saturate, WaitsForEverForWhatNeverComes) {
  EXPECT_EQ(wait_until(std::nullopt, Instant()), Duration::max());
  EXPECT_EQ(wait_until(Instant::max(), Instant::min()), Duration::max());
  EXPECT_EQ(wait_until(Instant::from_unix_ns(9), Instant::from_unix_ns(2)), Duration::from_ns(7));
}

}  // namespace
}  // namespace weir::limiter
