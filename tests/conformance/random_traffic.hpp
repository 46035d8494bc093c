#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/random.hpp"
#include "core/time.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"

namespace weir::limiter {

/// The lengths of time at which a setting's decisions are likely to change: its durations, its
/// rates' periods and what one unit takes, and what its counts divide them into. At least one.
std::vector<Duration> telling_durations(const Parameters& parameters);

/// Requests of one key that come where a limiter might go wrong: at one instant, a nanosecond
/// apart, at the edges of windows and emission intervals and a nanosecond off them, where a denial
/// said that it would be admitted, and after a long time. They come in phases of one kind of gap
/// each, so that limits are reached.
class RandomTraffic {
 public:
  RandomTraffic(const Parameters& parameters, RandomSequence draws);

  /// An instant not before `now`; `promised` is when a denied request was said to be admitted.
  Instant next_instant(Instant now, std::optional<Instant> promised);
  /// Mostly 1, some 0, some larger and some above the limit.
  Cost next_cost(std::int64_t limit);
  std::uint64_t below(std::uint64_t n) { return draws_.below(n); }
  Duration any_telling_duration();

 private:
  enum class Phase { dense, trickle, edges, mixed };

  void maybe_change_phase();
  Duration gap(Instant now);
  Duration to_edge(Instant now);
  Duration around(Duration d);

  RandomSequence draws_;
  std::vector<Duration> durations_;
  Phase phase_ = Phase::dense;
  /// The gap that a trickle varies around.
  Duration pace_;
};

}  // namespace weir::limiter
