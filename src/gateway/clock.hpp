#pragma once

#include <chrono>

#include "core/time.hpp"

namespace weir::gateway {

/// What a gateway's clock shows: the wall clock when it was started, and from then on the steady
/// clock, so that it never jumps.
class Clock {
 public:
  /// `offset` is how far it is wrong, for tests of several gateways.
  explicit Clock(Duration offset = Duration())
      : begin_(std::chrono::steady_clock::now()),
        wall_(Instant::from_unix_ns(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count()) +
              offset) {}

  Instant now() const {
    const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::steady_clock::now() - begin_);
    return wall_ + Duration::from_ns(since.count());
  }

 private:
  std::chrono::steady_clock::time_point begin_;
  Instant wall_;
};

}  // namespace weir::gateway
