#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace weir::load {

/// What a response says of one quota.
struct Quota {
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> remaining;
  std::optional<Duration> reset;
  /// Its name, where it has one; the limit may stand under it in another field.
  std::string_view policy;
};

/// Whether a is known to be lower; what is unknown is lower than nothing.
inline bool is_known_lower(std::optional<std::int64_t> a, std::optional<std::int64_t> b) {
  return a && (!b || *a < *b);
}

/// Whether there is less left of a than of b; of two that have as much left, whether a resets later
/// (who has to wait has to wait for both), and of two that reset together, whether a is the
/// smaller.
inline bool is_tighter(const Quota& a, const Quota& b) {
  if (a.remaining != b.remaining) return is_known_lower(a.remaining, b.remaining);
  if (a.reset != b.reset) return a.reset > b.reset;
  return is_known_lower(a.limit, b.limit);
}

}  // namespace weir::load
