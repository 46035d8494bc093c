#pragma once

#include <cstdint>
#include <optional>

#include "core/random.hpp"
#include "core/time.hpp"
#include "traffic/spec.hpp"

namespace weir::traffic {

/// A denial as its client sees it.
struct DeniedAttempt {
  std::uint64_t operation = 0;
  /// 1 for the first.
  std::int64_t attempt = 1;
  /// How long the client was told to wait, if it was.
  std::optional<Duration> advertised;
  /// How long it waited before this attempt.
  Duration previous_wait;
};

/// How long the client waits before it tries again, or none if it gives up; never less than a round
/// trip unless it was told to. A pure function: the draw is that of the operation and the attempt,
/// so that every policy meets the same clients.
std::optional<Duration> retry_wait(const OnDenied& on_denied, const DeniedAttempt& denied,
                                   const RandomStream& random);

}  // namespace weir::traffic
