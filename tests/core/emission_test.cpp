#include "core/emission.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "core/random.hpp"
#include "support/int64.hpp"

namespace weir {
namespace {

template <class Int>
class EmissionClockTest : public testing::Test {};
using TickTypes = testing::Types<std::int64_t, Int128>;
TYPED_TEST_SUITE(EmissionClockTest, TickTypes);

TYPED_TEST(EmissionClockTest, MakesThreeASecondExact) {
  const EmissionClock<TypeParam> clock({3, Duration::from_seconds(1)}, Instant());
  for (std::int64_t n = 1; n <= 1'000'000; n *= 10) {
    EXPECT_TRUE(clock.ticks_in(Duration::from_seconds(n)) == clock.interval() * (3 * n));
  }
  // A third of a second is no whole number of nanoseconds: one unit takes the one after it.
  EXPECT_EQ(clock.duration_at_least(clock.interval()).ns(), 333'333'334);
  EXPECT_EQ(clock.duration_at_least(clock.interval() * 2).ns(), 666'666'667);
  EXPECT_EQ(clock.duration_at_least(clock.interval() * 3).ns(), 1'000'000'000);
}

TYPED_TEST(EmissionClockTest, CountsFromItsOrigin) {
  const Instant origin = Instant::from_unix_seconds(1'700'000'000);
  const EmissionClock<TypeParam> clock({7, Duration::from_seconds(60)}, origin);
  EXPECT_TRUE(clock.ticks_at(origin) == 0);
  const Instant later = origin + Duration::from_ns(12'345);
  EXPECT_EQ(clock.instant_at_or_after(clock.ticks_at(later)), later);
  const Instant earlier = origin - Duration::from_ns(12'345);
  EXPECT_TRUE(clock.ticks_at(earlier) < 0);
  EXPECT_EQ(clock.instant_at_or_after(clock.ticks_at(earlier)), earlier);
}

TYPED_TEST(EmissionClockTest, RoundsUpToTheNextNanosecond) {
  const EmissionClock<TypeParam> clock({3, Duration::from_seconds(1)}, Instant());
  const TypeParam ns = clock.ticks_in(Duration::from_ns(1));
  ASSERT_TRUE(ns == 3);
  EXPECT_EQ(clock.duration_at_least(ns).ns(), 1);
  EXPECT_EQ(clock.duration_at_least(ns + 1).ns(), 2);
  EXPECT_EQ(clock.duration_at_least(TypeParam{0}).ns(), 0);
  EXPECT_EQ(clock.duration_at_least(TypeParam{-1}).ns(), 0);
  EXPECT_EQ(clock.duration_at_least(-ns).ns(), -1);
}

TYPED_TEST(EmissionClockTest, NeedsNoFinerTicksThanTheRateDoes) {
  const EmissionClock<TypeParam> even({1'000, Duration::from_seconds(1)}, Instant());
  EXPECT_TRUE(even.interval() == 1'000'000);
  EXPECT_TRUE(even.ticks_in(Duration::from_ns(1)) == 1);
  const EmissionClock<TypeParam> fast({std::uint64_t{1} << 40, Duration::from_ns(1)}, Instant());
  EXPECT_TRUE(fast.interval() == 1);
  EXPECT_TRUE(fast.ticks_in(Duration::from_ns(1)) == TypeParam{1} << 40);
}

TEST(EmissionClock, IsExactForAnyRate) {
  RandomSequence random(RandomStream(1));
  for (int i = 0; i < 10'000; ++i) {
    const Rate rate{1 + random.below(std::uint64_t{1} << 53),
                    Duration::from_ns(static_cast<std::int64_t>(1 + random.below(1ULL << 58)))};
    const EmissionClock<Int128> clock(rate, Instant());
    ASSERT_TRUE(clock.interval() * static_cast<std::int64_t>(rate.units) ==
                clock.ticks_in(rate.per));
    const Instant at = Instant::from_unix_ns(static_cast<std::int64_t>(random.bits() >> 2));
    const Int128 ticks = clock.ticks_at(at);
    ASSERT_EQ(clock.instant_at_or_after(ticks), at);
    ASSERT_EQ(clock.instant_at_or_after(ticks + 1), at + Duration::from_ns(1));
  }
}

TEST(EmissionClock, EndsWhereInstantsEnd) {
  const Rate rate{1, Duration::from_ns(1)};
  const Int128 beyond = Int128{int64_max} * int64_max;
  const Instant origin = Instant::from_unix_ns(1'000);
  const EmissionClock<Int128> after_1970(rate, origin);
  EXPECT_EQ(after_1970.instant_at_or_after(beyond), Instant::max());
  EXPECT_EQ(after_1970.instant_at_or_after(int64_max - 1'000), Instant::max());
  EXPECT_EQ(after_1970.instant_at_or_after(int64_max - 1'001),
            Instant::from_unix_ns(int64_max - 1));
  EXPECT_LT(after_1970.instant_at_or_after(-beyond), Instant());
  const EmissionClock<Int128> before_1970(rate, Instant::from_unix_ns(-1'000));
  EXPECT_EQ(before_1970.instant_at_or_after(-beyond), Instant::min());
  EXPECT_EQ(before_1970.instant_at_or_after(Int128{int64_min} + 1'000), Instant::min());
  EXPECT_EQ(before_1970.instant_at_or_after(Int128{int64_min} + 1'001),
            Instant::from_unix_ns(int64_min + 1));
  EXPECT_GT(before_1970.instant_at_or_after(beyond), Instant());
}

TEST(FitsInt64Ticks, KeepsAFactorOfFourInHand) {
  const Rate per_ns{1, Duration::from_ns(1)};
  const Duration quarter = Duration::from_ns(int64_max / 4);
  EXPECT_TRUE(fits_int64_ticks(per_ns, quarter, 1));
  EXPECT_FALSE(fits_int64_ticks(per_ns, quarter + Duration::from_ns(1), 1));
  EXPECT_TRUE(fits_int64_ticks(per_ns, Duration::from_ns(1), int64_max / 4));
  EXPECT_FALSE(fits_int64_ticks(per_ns, Duration::from_ns(1), int64_max / 4 + 1));
  EXPECT_FALSE(fits_int64_ticks({1, Duration::max()}, Duration::from_ns(1), int64_max));
}

TEST(FitsInt64Ticks, KnowsCommonRates) {
  const Duration ten_years = Duration::from_seconds(std::int64_t{3'660} * 86'400);
  EXPECT_TRUE(fits_int64_ticks({5, Duration::from_seconds(1)}, ten_years, 1'000));
  EXPECT_TRUE(fits_int64_ticks({100, Duration::from_seconds(60)}, ten_years, 1'000));
  // 7,919 is prime: its ticks are 7,919th parts of a nanosecond.
  EXPECT_FALSE(fits_int64_ticks({7'919, Duration::from_seconds(1)}, ten_years, 1'000));
}

}  // namespace
}  // namespace weir
