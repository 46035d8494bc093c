#include "limiter/saturate.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "support/int64.hpp"

namespace weir::limiter {
namespace {

TEST(Saturate, StopsAtBothEnds) {
  EXPECT_EQ(saturate(Int128{int64_max} + 1), int64_max);
  EXPECT_EQ(saturate(Int128{int64_max}), int64_max);
  EXPECT_EQ(saturate(Int128{int64_min}), int64_min);
  EXPECT_EQ(saturate(Int128{int64_min} - 1), int64_min);
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
  EXPECT_EQ(saturated_floor(0x1p63), int64_max);
  EXPECT_EQ(saturated_floor(0x1.fffffffffffffp62), int64_max - 1023);
  EXPECT_EQ(saturated_floor(-0x1p63), int64_min);
  EXPECT_EQ(saturated_floor(-0x1p64), int64_min);
  EXPECT_EQ(saturated_floor(std::numeric_limits<double>::infinity()), int64_max);
}

TEST(Saturate, WaitsForEverForWhatNeverComes) {
  EXPECT_EQ(wait_until(std::nullopt, Instant()), Duration::max());
  EXPECT_EQ(wait_until(Instant::max(), Instant::min()), Duration::max());
  EXPECT_EQ(wait_until(Instant::from_unix_ns(9), Instant::from_unix_ns(2)), Duration::from_ns(7));
}

}  // namespace
}  // namespace weir::limiter
