#include "core/math.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/random.hpp"

namespace weir {
namespace {

using Function = double (*)(double);
using Exact = long double (*)(long double);

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int draws = 200'000;

/// The largest relative error over uniform draws between two borders.
double relative_error(Function function, Exact exact, double from, double to) {
  RandomSequence random(RandomStream(1));
  double worst = 0.0;
  for (int i = 0; i < draws; ++i) {
    const double x = from + (to - from) * random.uniform();
    const long double expected = exact(x);
    if (expected == 0.0L) continue;
    worst = std::max(worst, static_cast<double>(std::fabs((function(x) - expected) / expected)));
  }
  return worst;
}

double absolute_error(Function function, Exact exact, double from, double to) {
  RandomSequence random(RandomStream(2));
  double worst = 0.0;
  for (int i = 0; i < draws; ++i) {
    const double x = from + (to - from) * random.uniform();
    worst = std::max(worst, static_cast<double>(std::fabs(function(x) - exact(x))));
  }
  return worst;
}

/// A positive, normal number of any size.
double any_positive(RandomSequence& random) {
  const std::uint64_t exponent = 1 + random.below(2'046);
  return std::bit_cast<double>((exponent << 52) | (random.bits() >> 12));
}

TEST(PortableLog, IsAccurate) {
  EXPECT_LT(relative_error(portable_log, std::log, 0.0, 1.0), 4e-16);
  EXPECT_LT(relative_error(portable_log, std::log, 0.5, 2.0), 4e-16);
  EXPECT_LT(relative_error(portable_log, std::log, 1.0 - 1e-6, 1.0 + 1e-6), 4e-16);
  RandomSequence random(RandomStream(3));
  for (int i = 0; i < draws; ++i) {
    const double x = any_positive(random);
    const long double expected = std::log(static_cast<long double>(x));
    ASSERT_LE(std::fabs(portable_log(x) - expected), 4e-16L * std::fabs(expected)) << x;
  }
}

TEST(PortableLog, IsExactAtPowersOfTwoAndAtTheEnds) {
  EXPECT_EQ(portable_log(1.0), 0.0);
  EXPECT_EQ(portable_log(2.0), 0x1.62e42fefa39efp-1);
  EXPECT_DOUBLE_EQ(portable_log(std::numeric_limits<double>::min()), -708.39641853226408);
  EXPECT_DOUBLE_EQ(portable_log(std::numeric_limits<double>::max()), 709.78271289338397);
  EXPECT_DOUBLE_EQ(portable_log(0x1p-53), -36.736800569677101);
}

TEST(PortableLog, DoesNotFall) {
  RandomSequence random(RandomStream(4));
  for (int i = 0; i < draws; ++i) {
    const double x = any_positive(random);
    const double above = x * (1.0 + 0x1p-50);
    ASSERT_LE(portable_log(x), portable_log(above)) << x;
  }
  // Across the borders between octaves, where the pieces meet.
  for (int exponent = -60; exponent <= 60; ++exponent) {
    for (const double mantissa : {1.0, std::sqrt(0.5)}) {
      const double border = std::ldexp(mantissa, exponent);
      ASSERT_LE(portable_log(std::nextafter(border, 0.0)), portable_log(border)) << border;
      ASSERT_LE(portable_log(border), portable_log(std::nextafter(border, infinity))) << border;
    }
  }
}

TEST(NegateLogBlock, EqualsTheScalarBitForBit) {
  const RandomStream stream(5);
  for (const int size : {0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 1'000, 4'096}) {
    std::vector<double> uniform(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < uniform.size(); ++i) uniform[i] = stream.uniform(i);
    std::vector<double> block = uniform;
    negate_log_block(block.data(), size);
    for (std::size_t i = 0; i < uniform.size(); ++i) {
      ASSERT_EQ(std::bit_cast<std::uint64_t>(block[i]),
                std::bit_cast<std::uint64_t>(-portable_log(uniform[i])))
          << uniform[i];
    }
  }
}

TEST(NegateLogBlock, DrawsExponentials) {
  std::vector<double> draw(100'000);
  RandomSequence random(RandomStream(6));
  for (double& u : draw) u = random.uniform();
  negate_log_block(draw.data(), static_cast<int>(draw.size()));
  double sum = 0.0;
  int above_one = 0;
  for (const double x : draw) {
    ASSERT_GE(x, 0.0);
    sum += x;
    above_one += x > 1.0 ? 1 : 0;
  }
  // Five standard deviations to either side.
  EXPECT_NEAR(sum / 100'000.0, 1.0, 0.016);
  EXPECT_NEAR(above_one / 100'000.0, std::exp(-1.0), 0.008);
}

TEST(PortableExp, IsAccurate) {
  EXPECT_LT(relative_error(portable_exp, std::exp, -708.0, 709.0), 4e-16);
  EXPECT_LT(relative_error(portable_exp, std::exp, -1.0, 1.0), 4e-16);
  EXPECT_LT(relative_error(portable_exp, std::exp, -1e-6, 1e-6), 4e-16);
}

TEST(PortableExp, EndsInZeroAndInfinity) {
  EXPECT_EQ(portable_exp(0.0), 1.0);
  EXPECT_GT(portable_exp(-708.0), 0.0);
  EXPECT_EQ(portable_exp(std::nextafter(-708.0, -infinity)), 0.0);
  EXPECT_EQ(portable_exp(-infinity), 0.0);
  EXPECT_LT(portable_exp(709.0), infinity);
  EXPECT_EQ(portable_exp(std::nextafter(709.0, infinity)), infinity);
  EXPECT_EQ(portable_exp(infinity), infinity);
}

TEST(PortableExp, DoesNotFall) {
  RandomSequence random(RandomStream(7));
  for (int i = 0; i < draws; ++i) {
    const double x = -700.0 + 1'400.0 * random.uniform();
    ASSERT_LE(portable_exp(x), portable_exp(x + 0x1p-42)) << x;
  }
}

TEST(PortablePow, AgreesWithPowersThatAreKnown) {
  EXPECT_EQ(portable_pow(1.0, -1.1), 1.0);
  EXPECT_EQ(portable_pow(7.0, 0.0), 1.0);
  for (double k = 1.0; k < 1e6; k = k * 1.7 + 1.0) {
    const long double expected = std::pow(static_cast<long double>(k), -1.1L);
    // The error of log is multiplied by y log x, here at most 16.
    EXPECT_NEAR(portable_pow(k, -1.1) / static_cast<double>(expected), 1.0, 16 * 4e-16) << k;
    EXPECT_NEAR(portable_pow(k, 2.0) / (k * k), 1.0, 28 * 4e-16) << k;
  }
}

TEST(PortableSinAndCos, AreAccurate) {
  for (const double reach : {1e-3, 1.0, 10.0, 1e6}) {
    EXPECT_LT(absolute_error(portable_sin, std::sin, -reach, reach), 4e-16) << reach;
    EXPECT_LT(absolute_error(portable_cos, std::cos, -reach, reach), 4e-16) << reach;
  }
  EXPECT_EQ(portable_sin(0.0), 0.0);
  EXPECT_EQ(portable_cos(0.0), 1.0);
}

TEST(PortableSinAndCos, AreAccurateAtQuarterTurns) {
  constexpr double quarter_turn = 0x1.921fb54442d18p0;
  for (int n = -1'000; n <= 1'000; ++n) {
    for (const double off : {-1e-9, 0.0, 1e-9, 0x1.921fb54442d18p-1}) {
      const double x = n * quarter_turn + off;
      const long double exact = x;
      ASSERT_NEAR(portable_sin(x), static_cast<double>(std::sin(exact)), 4e-16) << n;
      ASSERT_NEAR(portable_cos(x), static_cast<double>(std::cos(exact)), 4e-16) << n;
    }
  }
}

/// Reports must not depend on the compiler or the processor: this number changes with any bit of
/// any result.
TEST(PortableMath, GivesTheSameBitsEverywhere) {
  RandomSequence random(RandomStream(8));
  std::uint64_t digest = 0;
  const auto add = [&](double x) { digest = mix64(digest ^ std::bit_cast<std::uint64_t>(x)); };
  for (int i = 0; i < 10'000; ++i) {
    const double u = random.uniform();
    add(portable_log(u));
    add(portable_exp(20.0 * u - 10.0));
    add(portable_pow(1e6 * u, -1.1));
    add(portable_sin(1e3 * u));
    add(portable_cos(1e3 * u));
  }
  EXPECT_EQ(digest, 15'883'821'062'516'263'413ULL);
}

}  // namespace
}  // namespace weir
