#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "core/int128.hpp"
#include "core/time.hpp"

namespace weir::limiter {

/// A product's clock that shows whole ticks since the Unix epoch, rounded down.
class CoarseClock {
 public:
  static constexpr CoarseClock microseconds() { return CoarseClock(1'000); }
  static constexpr CoarseClock milliseconds() { return CoarseClock(1'000'000); }
  static constexpr CoarseClock seconds() { return CoarseClock(1'000'000'000); }

  constexpr std::int64_t ticks_at(Instant at) const {
    return floor_div(at.unix_ns(), ns_per_tick_);
  }

  /// The first instant at which the clock shows `ticks` or more; none beyond what an Instant holds.
  constexpr std::optional<Instant> instant_of(std::int64_t ticks) const {
    const Int128 ns = Int128{ticks} * ns_per_tick_;
    if (ns > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    if (ns < std::numeric_limits<std::int64_t>::min()) return Instant::min();
    return Instant::from_unix_ns(static_cast<std::int64_t>(ns));
  }

  /// The most ticks by which two readings can differ that are not further apart than `interval`.
  constexpr std::int64_t most_ticks_in(Duration interval) const {
    return ceil_div(interval.ns(), ns_per_tick_);
  }

 private:
  constexpr explicit CoarseClock(std::int64_t ns_per_tick) : ns_per_tick_(ns_per_tick) {}
  std::int64_t ns_per_tick_;
};

}  // namespace weir::limiter
