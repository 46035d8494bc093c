#pragma once

#include <cstdint>
#include <deque>

#include "core/time.hpp"

namespace weir::probe {

/// Keeps requests from ever being more than so many in any second; bursts of as many are allowed.
class Pace {
 public:
  explicit Pace(std::uint64_t per_second) : per_second_(per_second) {}

  /// The first instant at which one more may be sent.
  Instant earliest() const {
    return last_.size() < per_second_ ? Instant::min() : last_.front() + window;
  }
  /// One was sent, later than those before.
  void sent(Instant at) {
    last_.push_back(at);
    if (last_.size() > per_second_) last_.pop_front();
  }

 private:
  /// A little more than a second, for on their way requests may come closer together.
  static constexpr Duration window = Duration::from_ms(1'020);

  std::uint64_t per_second_;
  std::deque<Instant> last_;
};

}  // namespace weir::probe
