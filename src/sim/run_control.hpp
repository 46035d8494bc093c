#pragma once

#include <atomic>
#include <cstdint>

namespace weir::sim {

/// What a running simulation and its surroundings tell each other; safe to use from a signal
/// handler and from any thread.
struct RunControl {
  /// Set from outside: finish the blocks at hand and report what was done.
  std::atomic<bool> stop{false};
  /// How much is done, in parts per million of virtual time over all lanes.
  std::atomic<std::uint64_t> done_ppm_of_lanes{0};
  std::atomic<std::uint32_t> lanes{1};
  /// How many runs like the one at hand share it, one after another.
  std::atomic<std::uint32_t> runs{1};
  std::atomic<std::uint64_t> requests{0};
};

}  // namespace weir::sim
