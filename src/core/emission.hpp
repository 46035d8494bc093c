#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>

#include "core/int128.hpp"
#include "core/rate.hpp"
#include "core/time.hpp"

namespace weir {

/// Time counted in ticks so fine that one unit of a rate takes a whole number of them, so that 3/s
/// admits exactly 3·N units in N seconds. Ticks count from `origin`; Int is std::int64_t where the
/// horizon fits, Int128 elsewhere. The rate must have units above 0 and a period above 0.
template <class Int>
class EmissionClock {
 public:
  EmissionClock(const Rate& rate, Instant origin) : origin_(origin) {
    const auto units = static_cast<std::int64_t>(rate.units);
    const std::int64_t divisor = std::gcd(units, rate.per.ns());
    ticks_per_ns_ = units / divisor;
    interval_ = rate.per.ns() / divisor;
  }

  /// Ticks that one unit of the rate takes.
  Int interval() const { return interval_; }
  Int ticks_at(Instant at) const { return Int{(at - origin_).ns()} * ticks_per_ns_; }
  Int ticks_in(Duration d) const { return Int{d.ns()} * ticks_per_ns_; }
  /// The first whole nanosecond at or after `ticks`; the last or first Instant for ticks beyond it.
  Instant instant_at_or_after(Int ticks) const { return origin_ + duration_at_least(ticks); }
  /// The shortest whole number of nanoseconds that is at least `ticks` long.
  Duration duration_at_least(Int ticks) const {
    // Most rates in use need no finer ticks, and a division takes as long as all the rest.
    return clamped(ticks_per_ns_ == 1 ? ticks : ceil_div(ticks, Int{ticks_per_ns_}));
  }

 private:
  /// `ns` as far as the instant that long after the origin exists.
  Duration clamped(Int ns) const {
    const std::int64_t origin = origin_.unix_ns();
    const Int most = Instant::max().unix_ns() - std::max<std::int64_t>(origin, 0);
    const Int least = Instant::min().unix_ns() - std::min<std::int64_t>(origin, 0);
    return Duration::from_ns(static_cast<std::int64_t>(std::clamp(ns, least, most)));
  }

  Instant origin_;
  std::int64_t ticks_per_ns_ = 1;
  std::int64_t interval_ = 1;
};

/// Whether 64-bit ticks can hold `horizon` to either side of the origin, and `units` units at once.
inline bool fits_int64_ticks(const Rate& rate, Duration horizon, std::int64_t units) {
  const EmissionClock<Int128> clock(rate, Instant());
  constexpr Int128 limit = std::numeric_limits<std::int64_t>::max() / 4;
  return clock.ticks_in(horizon) <= limit && clock.interval() * units <= limit;
}

}  // namespace weir
