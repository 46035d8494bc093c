#include "core/math.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace weir {
namespace {

constexpr double ln2_high = 0x1.62e42fefa38p-1;  // trailing zeros: k * ln2_high is exact
constexpr double ln2_low = 0x1.ef35793c7673p-45;
constexpr double sqrt_half = 0x1.6a09e667f3bcdp-1;

// log(m) for m in [sqrt(1/2), sqrt(2)) is 2 atanh(s) with s = (m - 1) / (m + 1), |s| < 0.1716.
inline double log_of_mantissa(double m) {
  const double f = m - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s;
  double tail = 2.0 / 21.0;
  tail = tail * z + 2.0 / 19.0;
  tail = tail * z + 2.0 / 17.0;
  tail = tail * z + 2.0 / 15.0;
  tail = tail * z + 2.0 / 13.0;
  tail = tail * z + 2.0 / 11.0;
  tail = tail * z + 2.0 / 9.0;
  tail = tail * z + 2.0 / 7.0;
  tail = tail * z + 2.0 / 5.0;
  tail = tail * z + 2.0 / 3.0;
  // 2s = f - s f, so that the leading term carries no rounding error of s.
  return f - s * (f - z * tail);
}

inline double log_of(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  // Shifts the exponent's border from 1 to sqrt(1/2).
  const std::uint64_t shifted = bits - std::bit_cast<std::uint64_t>(sqrt_half);
  const std::int64_t k = static_cast<std::int64_t>(shifted) >> 52;
  const double m = std::bit_cast<double>(bits - (static_cast<std::uint64_t>(k) << 52));
  // Adding 1.5 * 2^52 turns a small integer into a double without a conversion instruction, which
  // vector units of the baseline processor lack for 64 bits.
  constexpr double magic = 0x1.8p52;
  const double kd =
      std::bit_cast<double>(std::bit_cast<std::uint64_t>(magic) + static_cast<std::uint64_t>(k)) -
      magic;
  return kd * ln2_high + (kd * ln2_low + log_of_mantissa(m));
}

struct Quadrant {
  double angle;  // within [-pi/4, pi/4]
  int quarter;   // how many quarter turns were taken away, modulo 4
};

Quadrant reduce(double x) {
  constexpr double two_over_pi = 0x1.45f306dc9c883p-1;
  constexpr double half_pi_1 = 0x1.921fb544p0;  // 33 bits: n * half_pi_1 is exact
  constexpr double half_pi_2 = 0x1.0b4611a6p-34;
  constexpr double half_pi_3 = 0x1.3198a2e037073p-69;
  const double n = std::floor(x * two_over_pi + 0.5);
  const double angle = ((x - n * half_pi_1) - n * half_pi_2) - n * half_pi_3;
  const auto quarter = static_cast<std::int64_t>(n) & 3;
  return {angle, static_cast<int>(quarter)};
}

double sin_of_small(double x) {
  const double z = x * x;
  double sum = 0.0;
  // Taylor from the smallest term down: x^17/17! is below 1e-16 of x for |x| < pi/4.
  for (int k = 17; k >= 3; k -= 2) sum = (sum + 1.0) * -z / (k * (k - 1.0));
  return x + x * sum;
}

double cos_of_small(double x) {
  const double z = x * x;
  double sum = 0.0;
  for (int k = 18; k >= 4; k -= 2) sum = (sum + 1.0) * -z / (k * (k - 1.0));
  return 1.0 - 0.5 * z * (1.0 + sum);
}

double sin_in_quarter(Quadrant q) {
  const double value = q.quarter % 2 == 0 ? sin_of_small(q.angle) : cos_of_small(q.angle);
  return q.quarter >= 2 ? -value : value;
}

}  // namespace

double portable_log(double x) { return log_of(x); }

void negate_log_block(double* values, int count) {
  for (int i = 0; i < count; ++i) values[i] = -log_of(values[i]);
}

double portable_exp(double x) {
  if (x < -708.0) return 0.0;
  if (x > 709.0) return std::numeric_limits<double>::infinity();
  constexpr double log2_e = 0x1.71547652b82fep0;
  const double k = std::floor(x * log2_e + 0.5);
  const double high = x - k * ln2_high;
  const double low = k * ln2_low;
  const double r = high - low;
  double sum = 0.0;
  for (int n = 14; n >= 2; --n) sum = (sum + 1.0) * r / n;
  const double value = 1.0 + (r + r * sum + ((high - r) - low));
  const auto exponent = static_cast<std::int64_t>(k);
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) +
                               (static_cast<std::uint64_t>(exponent) << 52));
}

double portable_pow(double x, double y) { return portable_exp(y * portable_log(x)); }

double portable_sin(double x) { return sin_in_quarter(reduce(x)); }

double portable_cos(double x) {
  const Quadrant q = reduce(x);
  return sin_in_quarter({q.angle, (q.quarter + 1) % 4});
}

}  // namespace weir
