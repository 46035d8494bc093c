#pragma once

#include <cmath>
#include <cstdint>

#include "core/time.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// Go's Duration.Seconds(): whole seconds and the rest apart, in float64.
inline double go_seconds(std::int64_t ns) {
  constexpr std::int64_t second = 1'000'000'000;
  return static_cast<double>(ns / second) + static_cast<double>(ns % second) / 1e9;
}

/// math.Ceil(d.Seconds()), as Go programs write a header in seconds: a nanosecond that float64
/// cannot hold beside the seconds is lost.
inline Duration go_ceil_seconds(Duration d) {
  const double whole = std::ceil(go_seconds(d.ns()));
  return Duration::from_ns(saturate(Int128{saturated_floor(whole)} * 1'000'000'000));
}

}  // namespace weir::limiter
