#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "core/int128.hpp"
#include "core/text.hpp"
#include "limiter/coarse_clock.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// What many products have in common: a counter per key in windows that begin with the first
/// request after the last window's end, on a clock of whole ticks.
class FirstHitWindow {
 public:
  struct Settings {
    std::int64_t limit = 0;
    std::int64_t window_ticks = 1;
    CoarseClock clock = CoarseClock::milliseconds();
    bool counts_denied = true;
    /// Ticks after a window's end during which its count still holds.
    std::int64_t afterlife_ticks = 0;
  };

  struct State {
    /// Far in the past for a key never seen.
    std::int64_t start_tick = -(std::int64_t{1} << 62);
    std::int64_t count = 0;
  };

  explicit FirstHitWindow(const Settings& settings) : settings_(settings) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || cost <= settings_.limit - used(state, now), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    if (!is_open(state, now)) begin(state, now);
    state.count = saturate(Int128{state.count} + cost);
  }

  void charge_denied(State& state, Instant now, Cost cost) const {
    if (settings_.counts_denied) charge(state, now, cost);
  }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > settings_.limit) return std::nullopt;
    return settings_.clock.instant_of(over_tick(state));
  }

  Quota quota(const State& state, Instant now) const {
    return {.limit = settings_.limit,
            .remaining = remaining(state, now),
            .reset_after = used(state, now) == 0
                               ? Duration()
                               : wait_until(settings_.clock.instant_of(over_tick(state)), now)};
  }

  /// The limit in every window that the interval can touch.
  std::optional<std::int64_t> bound(Duration interval) const {
    const std::int64_t length = settings_.window_ticks + settings_.afterlife_ticks;
    const std::int64_t ticks = settings_.clock.most_ticks_in(interval);
    return saturate((1 + Int128{ceil_div(ticks, length)}) * settings_.limit);
  }

 protected:
  std::int64_t limit() const { return settings_.limit; }
  std::int64_t now_tick(Instant now) const { return settings_.clock.ticks_at(now); }
  bool is_open(const State& state, Instant now) const { return now_tick(now) < over_tick(state); }

  void begin(State& state, Instant now) const { state = {.start_tick = now_tick(now), .count = 0}; }

  std::int64_t used(const State& state, Instant now) const {
    return is_open(state, now) ? state.count : 0;
  }

  std::int64_t remaining(const State& state, Instant now) const {
    return std::max<std::int64_t>(settings_.limit - used(state, now), 0);
  }

  /// The end of the window that is open, or would be opened now.
  std::int64_t end_tick(const State& state, Instant now) const {
    const std::int64_t start = is_open(state, now) ? state.start_tick : now_tick(now);
    return start + settings_.window_ticks;
  }

  std::int64_t ticks_left(const State& state, Instant now) const {
    return std::max<std::int64_t>(end_tick(state, now) - now_tick(now), 0);
  }

 private:
  /// The first tick at which the state's count no longer holds.
  std::int64_t over_tick(const State& state) const {
    return state.start_tick + settings_.window_ticks + settings_.afterlife_ticks;
  }

  Settings settings_;
};

/// Why a parameter is not a whole number of `unit`s, or none.
inline std::optional<MakeProblem> whole_units_problem(std::string_view parameter, Duration d,
                                                      Duration unit, std::string_view units) {
  if (d.ns() >= unit.ns() && d.ns() % unit.ns() == 0) return std::nullopt;
  return MakeProblem{std::string(parameter), "must be a whole number of " + std::string(units) +
                                                 ", got " + format_duration(d)};
}

}  // namespace weir::limiter
