#pragma once

#include <cstdint>

#include "core/random.hpp"
#include "core/time.hpp"
#include "traffic/spec.hpp"

namespace weir::traffic {

/// Stands where there is no wait. A value of its own and not an empty optional, for speed: it is
/// handed on at every denial, and an optional would go through memory each time.
inline constexpr Duration no_wait = Duration::max();

/// A denial as its client sees it.
struct DeniedAttempt {
  std::uint64_t operation = 0;
  /// 1 for the first.
  std::int64_t attempt = 1;
  /// How long the client was told to wait; `no_wait` if it was not.
  Duration advertised = no_wait;
  /// How long it waited before this attempt.
  Duration previous_wait;
};

/// How long the client waits before it tries again, or `no_wait` if it gives up; never less than a
/// round trip unless it was told to. A pure function: the draw is that of the operation and the
/// attempt, so that every policy meets the same clients.
Duration retry_wait(const OnDenied& on_denied, const DeniedAttempt& denied,
                    const RandomStream& random);

}  // namespace weir::traffic
