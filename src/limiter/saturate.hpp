#pragma once

#include <cstdint>
#include <limits>

#include "core/int128.hpp"
#include "core/time.hpp"

namespace weir::limiter {

/// The nearest 64-bit number.
constexpr std::int64_t saturate(Int128 n) {
  constexpr Int128 lowest = std::numeric_limits<std::int64_t>::min();
  constexpr Int128 highest = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(n < lowest ? lowest : n > highest ? highest : n);
}

/// `at` + `d`, or Instant::max() where that lies beyond it; `d` is not negative.
constexpr Instant add_saturating(Instant at, Duration d) {
  const bool beyond =
      at.unix_ns() > 0 && d.ns() > std::numeric_limits<std::int64_t>::max() - at.unix_ns();
  return beyond ? Instant::max() : at + d;
}

}  // namespace weir::limiter
