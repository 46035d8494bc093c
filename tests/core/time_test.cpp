#include "core/time.hpp"

#include <gtest/gtest.h>

#include <type_traits>

#include "core/rate.hpp"

namespace weir {
namespace {

static_assert(!std::is_convertible_v<Duration, Instant>);
static_assert(!std::is_convertible_v<std::int64_t, Duration>);
static_assert(!std::is_convertible_v<std::int64_t, Instant>);

TEST(Duration, ConvertsUnitsToNanoseconds) {
  EXPECT_EQ(Duration::from_us(-3).ns(), -3'000);
  EXPECT_EQ(Duration::from_ms(3).ns(), 3'000'000);
  EXPECT_EQ(Duration::from_seconds(3).ns(), 3'000'000'000);
  EXPECT_EQ(Duration().ns(), 0);
}

TEST(Duration, AddsAndCompares) {
  Duration d = Duration::from_ms(1) + Duration::from_us(1) - Duration::from_ns(1);
  EXPECT_EQ(d.ns(), 1'000'999);
  d += Duration::from_ns(1);
  EXPECT_EQ(d * 2, Duration::from_us(2'002));
  EXPECT_LT(Duration::from_ns(-1), Duration());
  EXPECT_LT(d, Duration::max());
}

TEST(Instant, MovesByDurations) {
  const Instant start = Instant::from_unix_seconds(100);
  Instant later = start + Duration::from_ms(1);
  EXPECT_EQ(later.unix_ns(), 100'001'000'000);
  EXPECT_EQ(later - start, Duration::from_ms(1));
  EXPECT_EQ(start - later, Duration::from_ms(-1));
  EXPECT_EQ(later - Duration::from_ms(1), start);
  later += Duration::from_ns(1);
  EXPECT_GT(later, start);
}

TEST(Instant, LiesBetweenItsEnds) {
  EXPECT_LT(Instant::min(), Instant());
  EXPECT_LT(Instant(), Instant::max());
}

TEST(Rate, IsNotReduced) {
  EXPECT_NE((Rate{100, Duration::from_seconds(60)}), (Rate{50, Duration::from_seconds(30)}));
  EXPECT_DOUBLE_EQ(per_second({100, Duration::from_seconds(60)}), 100.0 / 60.0);
  EXPECT_DOUBLE_EQ(per_second({1, Duration::from_ms(250)}), 4.0);
  EXPECT_EQ(per_second({0, Duration::from_seconds(1)}), 0.0);
}

}  // namespace
}  // namespace weir
