#pragma once

#include <cstdint>

#include "core/time.hpp"

namespace weir {

/// So many units in so long a period: a rational number that is never reduced, because the period
/// has a meaning of its own (100 a minute is not 5 in 3 seconds to a bucket refilled by interval).
struct Rate {
  std::uint64_t units = 0;
  Duration per = Duration::from_seconds(1);

  constexpr bool operator==(const Rate&) const = default;
};

/// Units a second, for display and for drawing random arrivals; never for deciding.
constexpr double per_second(const Rate& rate) {
  return static_cast<double>(rate.units) * 1e9 / static_cast<double>(rate.per.ns());
}

}  // namespace weir
