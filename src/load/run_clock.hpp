#pragma once

#include <chrono>

#include "core/time.hpp"

namespace weir::load {

/// The scenario's time, driven by the steady clock: its origin is when it was started. All instants
/// of a live run are on it, so that traffic, records and reports are those of a simulation.
class RunClock {
 public:
  using Steady = std::chrono::steady_clock;

  explicit RunClock(Instant origin) : origin_(origin) {}

  /// Sets it, before anybody reads it: `wall` is what the wall clock shows at `begin`.
  void start(Steady::time_point begin, Instant wall) {
    begin_ = begin;
    wall_ = wall;
  }

  Instant now() const { return at(Steady::now()); }
  Instant at(Steady::time_point time) const {
    const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(time - begin_);
    return origin_ + Duration::from_ns(since.count());
  }
  Steady::time_point steady(Instant at) const {
    return begin_ + std::chrono::nanoseconds((at - origin_).ns());
  }
  /// What a wall clock that was set right at the beginning shows at an instant of the run.
  Instant wall(Instant at) const { return wall_ + (at - origin_); }

 private:
  Instant origin_;
  Steady::time_point begin_;
  Instant wall_;
};

}  // namespace weir::load
