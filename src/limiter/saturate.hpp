#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "core/int128.hpp"
#include "core/time.hpp"

namespace weir::limiter {

/// The nearest 64-bit number.
constexpr std::int64_t saturate(Int128 n) {
  constexpr Int128 lowest = std::numeric_limits<std::int64_t>::min();
  constexpr Int128 highest = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(n < lowest ? lowest : n > highest ? highest : n);
}

/// Where counters stop, so that sums with a cost cannot overflow: at 512 times the largest cost.
inline constexpr std::int64_t most_counted = std::int64_t{1} << 62;

/// `at` + `d`, or Instant::max() where that lies beyond it; `d` is not negative.
constexpr Instant add_saturating(Instant at, Duration d) {
  const bool beyond =
      at.unix_ns() > 0 && d.ns() > std::numeric_limits<std::int64_t>::max() - at.unix_ns();
  return beyond ? Instant::max() : at + d;
}

/// The largest 64-bit number not above x, which must not be NaN.
constexpr std::int64_t saturated_floor(double x) {
  if (x >= 0x1p63) return std::numeric_limits<std::int64_t>::max();
  if (x < -0x1p63) return std::numeric_limits<std::int64_t>::min();
  const auto whole = static_cast<std::int64_t>(x);
  return static_cast<double>(whole) > x ? whole - 1 : whole;
}

/// From `now` to `at`; the longest Duration where there is no such instant.
constexpr Duration wait_until(std::optional<Instant> at, Instant now) {
  if (!at) return Duration::max();
  return Duration::from_ns(saturate(Int128{at->unix_ns()} - now.unix_ns()));
}

}  // namespace weir::limiter
