#pragma once

#include <algorithm>

#include "limiter/python_time.hpp"

namespace weir::limiter {

/// The sliding window counter of Python's limits with its memory storage: windows since the epoch
/// and the share of the one before, in float64 seconds.
class PythonLimitsSlidingWindowCounter {
 public:
  struct State {
    /// The number of the window that was counted in last.
    std::int64_t window = -(std::int64_t{1} << 62);
    std::int64_t current = 0;
    std::int64_t previous = 0;
  };

  PythonLimitsSlidingWindowCounter(std::int64_t limit, std::int64_t window_s)
      : limit_(limit), window_s_(static_cast<double>(window_s)) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = admits_at(state, now.unix_ns(), cost), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    const std::int64_t window = window_at(now.unix_ns());
    if (window != state.window) {
      state = {.window = window,
               .current = 0,
               .previous = window == state.window + 1 ? state.current : 0};
    }
    state.current += cost;
  }

  void charge_denied(State&, Instant, Cost) const {}

  /// A key's past matters although its whole allowance is back.
  bool is_as_new(const State&, Instant) const { return false; }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > limit_) return std::nullopt;
    const auto admitted = [&](std::int64_t ns) { return admits_at(state, ns, cost); };
    // What counts falls until the number of the window or of the one before changes; rounding can
    // change one of them some ns before the other.
    std::int64_t from = now.unix_ns();
    while (true) {
      const std::int64_t next = next_change(from);
      const std::int64_t last = next - 1;
      if (admitted(last)) return Instant::from_unix_ns(first_true(from, last, last, admitted));
      if (next == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
      from = next;
    }
  }

  Quota quota(const State& state, Instant now) const {
    const auto denied_after = [&](Cost cost) { return !check(state, now, cost + 1).allowed; };
    const Cost guess = limit_ - saturated_floor(weighted(state, now.unix_ns()));
    return {.limit = limit_,
            .remaining = first_true(0, limit_, guess, denied_after),
            .reset_after = wait_until(earliest(state, now, limit_), now)};
  }

  /// The limit in every window that the interval can touch, without what the one before takes away.
  std::optional<std::int64_t> bound(Duration interval) const {
    const std::int64_t shortest =
        static_cast<std::int64_t>(window_s_) * 1'000'000'000 - python_clock_error_ns;
    return saturate((1 + Int128{ceil_div(interval.ns(), shortest)}) * limit_);
  }

  std::optional<Duration> advertised_retry_after(const State& state, Instant now, Cost) const {
    return FlaskHeaders(reset_s(state, now), now).retry_after();
  }

  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    const std::int64_t count = saturated_floor(weighted(state, now.unix_ns()));
    return {limit_, std::max<std::int64_t>(limit_ - count, 0),
            FlaskHeaders(reset_s(state, now), now).reset_after()};
  }

 private:
  /// What the two windows of an instant have counted, and how long the older one still matters.
  struct Counts {
    std::int64_t previous = 0;
    double previous_left_s = 0.0;
    std::int64_t current = 0;
  };

  std::int64_t window_at(std::int64_t ns) const {
    return saturated_floor(python_time(ns) / window_s_);
  }
  std::int64_t window_before(std::int64_t ns) const {
    return saturated_floor((python_time(ns) - window_s_) / window_s_);
  }

  static std::int64_t count_of(const State& state, std::int64_t window) {
    if (window == state.window) return state.current;
    return window == state.window - 1 ? state.previous : 0;
  }

  static double fraction(double x) { return x - std::floor(x); }

  Counts counts_at(const State& state, std::int64_t ns) const {
    Counts counts{.previous = count_of(state, window_before(ns)),
                  .previous_left_s = 0.0,
                  .current = count_of(state, window_at(ns))};
    if (counts.previous > 0) {
      counts.previous_left_s =
          (1.0 - fraction((python_time(ns) - window_s_) / window_s_)) * window_s_;
    }
    return counts;
  }

  double share_of_previous(const Counts& counts) const {
    return static_cast<double>(counts.previous) * counts.previous_left_s / window_s_;
  }

  double weighted(const State& state, std::int64_t ns) const {
    const Counts counts = counts_at(state, ns);
    return share_of_previous(counts) + static_cast<double>(counts.current);
  }

  /// It looks before it counts, and again afterwards.
  bool admits_at(const State& state, std::int64_t ns, Cost cost) const {
    if (cost == 0) return true;
    if (cost > limit_) return false;
    const Counts counts = counts_at(state, ns);
    const double share = share_of_previous(counts);
    const auto whole = [&](std::int64_t current) {
      return saturated_floor(share + static_cast<double>(current));
    };
    return whole(counts.current) <= limit_ - cost && whole(counts.current + cost) <= limit_;
  }

  /// The first instant after `ns` at which the number of its window or of the one before differs.
  std::int64_t next_change(std::int64_t ns) const {
    const std::int64_t window = window_at(ns);
    const std::int64_t before = window_before(ns);
    constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
    const auto changed = [&](std::int64_t t) {
      return t == last || window_at(t) != window || window_before(t) != before;
    };
    const double border_s = (static_cast<double>(window) + 1.0) * window_s_;
    return first_true(ns + (ns == last ? 0 : 1), last, saturated_floor(border_s * 1e9), changed);
  }

  /// When the library says that more will be there.
  double reset_s(const State& state, Instant now) const {
    const double now_s = python_time(now);
    const Counts counts = counts_at(state, now.unix_ns());
    double wait_s = 0.0;
    if (counts.current > 0) {
      const double left_s = (1.0 - fraction(now_s / window_s_)) * window_s_ + window_s_;
      wait_s = std::fmod(left_s, window_s_);
    }
    if (counts.previous > 0) {
      const double one_s = window_s_ / static_cast<double>(counts.previous);
      const double next_s = std::fmod(counts.previous_left_s, one_s);
      wait_s = counts.current > 0 ? std::min(next_s, wait_s) : next_s;
    }
    return wait_s + now_s;
  }

  std::int64_t limit_;
  double window_s_;
};

/// The catalogue entry of the sliding window counter of Python's limits.
struct PythonLimitsSlidingWindowCounterEntry : PythonLimitsEntry {
  using Limiter = PythonLimitsSlidingWindowCounter;

  static AlgorithmInfo info() {
    return {
        .id = "python-limits-sliding-window-counter",
        .summary =
            "Python limits, sliding-window-counter: windows since the epoch and the share of the "
            "one before, in float64 seconds",
        .parameters = parameters(),
        .rule =
            "now = time.time(), Unix seconds in float64; number = floor(now / window)\n"
            "left = (1 - fraction((now - window) / window)) window\n"
            "weighted = previous left / window + current\n"
            "admit cost c  if  floor(weighted) + c <= limit;  then  current = current + c\n"
            "deny          otherwise; nothing changes\n"
            "not modelled: windows before 1970, and another order in other storages",
        .source = "limits/strategies.py, limits/storage/memory.py",
        .version = "f7d1eef, memory storage",
        .evidence = Evidence::checked_against_program,
        .state_size = "24",
        .example = "limit=100 window=60s",
        .advertises = FlaskHeaders::advertises,
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Duration window = p.duration("window");
    if (auto problem = problem_of_window(window)) return tl::unexpected(*problem);
    return PythonLimitsSlidingWindowCounter(p.count("limit"), seconds_of(window));
  }
};

}  // namespace weir::limiter
