#include "traffic/rate_curve.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "traffic/rate_for_test.hpp"

namespace weir::traffic {
namespace {

constexpr double second = 1e9;

TEST(RateCurve, ConstantRateIsAStraightLine) {
  RateCurve curve(per_second_rate(4));
  EXPECT_DOUBLE_EQ(curve.units_at(2.5 * second), 10.0);
  EXPECT_DOUBLE_EQ(curve.time_of(10.0), 2.5 * second);
  EXPECT_TRUE(curve.is_constant());
}

TEST(RateCurve, StepsAddUp) {
  StepProfile steps{{{Duration(), per_second_rate(10)},
                     {Duration::from_seconds(2), per_second_rate(0)},
                     {Duration::from_seconds(5), per_second_rate(100)}}};
  RateCurve curve(steps);
  EXPECT_DOUBLE_EQ(curve.units_at(2.0 * second), 20.0);
  EXPECT_DOUBLE_EQ(curve.units_at(5.0 * second), 20.0);
  EXPECT_DOUBLE_EQ(curve.units_at(6.0 * second), 120.0);
  // Nothing comes in the silence, not even at its beginning.
  EXPECT_LT(curve.time_of(19.999), 2.0 * second);
  EXPECT_DOUBLE_EQ(curve.time_of(20.0), 5.0 * second);
  EXPECT_NEAR(curve.time_of(21.0), 5.01 * second, 1.0);
}

TEST(RateCurve, RampIsASquare) {
  RateCurve curve(
      RampProfile{per_second_rate(0), per_second_rate(100), Duration::from_seconds(10)});
  EXPECT_NEAR(curve.units_at(5.0 * second), 125.0, 1e-9);
  EXPECT_NEAR(curve.units_at(10.0 * second), 500.0, 1e-9);
  EXPECT_NEAR(curve.units_at(11.0 * second), 600.0, 1e-9);
  EXPECT_NEAR(curve.time_of(125.0), 5.0 * second, 1.0);
  EXPECT_NEAR(curve.time_of(600.0), 11.0 * second, 1.0);
}

TEST(RateCurve, RampDownToNothingEnds) {
  RateCurve curve(RampProfile{per_second_rate(10), per_second_rate(0), Duration::from_seconds(10)});
  EXPECT_NEAR(curve.units_at(10.0 * second), 50.0, 1e-9);
  EXPECT_TRUE(std::isinf(curve.time_of(51.0)));
}

TEST(RateCurve, SineInvertsWithinANanosecond) {
  RateCurve curve(
      SineProfile{per_second_rate(100), per_second_rate(100), Duration::from_seconds(60)});
  for (double units = 1.0; units < 20'000.0; units += 37.0) {
    const double t = curve.time_of(units);
    EXPECT_LE(std::abs(curve.units_at(t + 1.0) - units), 1e-6) << units;
  }
  EXPECT_NEAR(curve.units_at(60.0 * second), 6'000.0, 1e-6);
}

}  // namespace
}  // namespace weir::traffic
