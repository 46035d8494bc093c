#pragma once

#include <atomic>

namespace weir::cli {

/// While it lives, the first SIGINT or SIGTERM sets a flag; the next one ends the program at once.
class InterruptGuard {
 public:
  explicit InterruptGuard(std::atomic<bool>& stop);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

}  // namespace weir::cli
