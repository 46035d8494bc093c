#pragma once

#include <algorithm>

#include "limiter/cost_log.hpp"
#include "limiter/python_time.hpp"

namespace weir::limiter {

/// The moving window of Python's limits with its memory storage: a log in float64 seconds, in which
/// a hit exactly a window old still counts.
class PythonLimitsMovingWindow {
 public:
  struct State {
    /// Positions are instants.
    CostLog log;

    bool operator==(const State&) const = default;
  };

  PythonLimitsMovingWindow(std::int64_t limit, std::int64_t window_s)
      : limit_(limit), window_s_(window_s) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || cost <= limit_ - used(state, now), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state.log.add(now.unix_ns(), cost, expired(now));
  }

  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > limit_) return std::nullopt;
    const auto last_to_go = state.log.position_leaving(expired(now), limit_ - cost);
    const double hit_s = python_time(last_to_go.value());
    return first_instant(now, hit_s + static_cast<double>(window_s_),
                         [&](std::int64_t ns) { return hit_s < oldest_s(python_time(ns)); });
  }

  Quota quota(const State& state, Instant now) const {
    return {.limit = limit_,
            .remaining = limit_ - used(state, now),
            .reset_after = wait_until(earliest(state, now, limit_), now)};
  }

  /// The limit in each window that the interval is covered by.
  std::optional<std::int64_t> bound(Duration interval) const {
    const std::int64_t shortest = window_s_ * 1'000'000'000 - python_clock_error_ns;
    return saturate((1 + Int128{interval.ns() / shortest}) * limit_);
  }

  std::optional<Duration> advertised_retry_after(const State& state, Instant now, Cost) const {
    return FlaskHeaders(reset_s(state, now), now).retry_after();
  }

  /// Other than where it decides, a hit exactly a window old does not count here.
  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    return {limit_, limit_ - state.log.sum_after(expired_as_told(now)),
            FlaskHeaders(reset_s(state, now), now).reset_after()};
  }

  static std::size_t owned_bytes(const State& state) { return state.log.owned_bytes(); }

 private:
  /// The oldest time that still counts.
  double oldest_s(double now_s) const { return now_s - static_cast<double>(window_s_); }

  /// The last instant whose hits no longer count: the one before the first that does.
  template <class Counts>
  std::int64_t last_before(Instant now, Counts counts) const {
    const std::int64_t guess = saturated_floor(oldest_s(python_time(now)) * 1e9);
    constexpr std::int64_t low = std::numeric_limits<std::int64_t>::min();
    return saturate(Int128{first_true(low, now.unix_ns(), guess, counts)} - 1);
  }

  std::int64_t expired(Instant now) const {
    const double oldest = oldest_s(python_time(now));
    return last_before(now, [oldest](std::int64_t ns) { return python_time(ns) >= oldest; });
  }
  std::int64_t expired_as_told(Instant now) const {
    const double oldest = oldest_s(python_time(now));
    return last_before(now, [oldest](std::int64_t ns) { return python_time(ns) > oldest; });
  }

  std::int64_t used(const State& state, Instant now) const {
    return state.log.sum_after(expired(now));
  }

  /// A window after the oldest hit that is told of, or now.
  double reset_s(const State& state, Instant now) const {
    const std::int64_t before = expired_as_told(now);
    const std::int64_t count = state.log.sum_after(before);
    if (count == 0) return python_time(now) + static_cast<double>(window_s_);
    const auto oldest = state.log.position_leaving(before, count - 1);
    return python_time(oldest.value()) + static_cast<double>(window_s_);
  }

  std::int64_t limit_;
  std::int64_t window_s_;
};

/// The catalogue entry of the moving window of Python's limits.
struct PythonLimitsMovingWindowEntry : PythonLimitsEntry {
  using Limiter = PythonLimitsMovingWindow;

  static AlgorithmInfo info() {
    return {
        .id = "python-limits-moving-window",
        .summary = "Python limits, moving-window: a log of hits in float64 seconds",
        .parameters = parameters(),
        .rule =
            "now = time.time(), Unix seconds in float64\n"
            "count = hits at now - window or later: one exactly a window old still counts\n"
            "admit cost c  if  count + c <= limit;  then c hits of now are logged\n"
            "deny          otherwise; nothing changes\n"
            "what it tells of the window leaves out a hit exactly a window old",
        .source = "limits/strategies.py, limits/storage/memory.py",
        .version = "f7d1eef, memory storage",
        .evidence = Evidence::checked_against_program,
        .state_size = "24, and 16 for each instant remembered",
        .example = "limit=100 window=60s",
        .advertises = FlaskHeaders::advertises,
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Duration window = p.duration("window");
    if (auto problem = problem_of_window(window)) return tl::unexpected(*problem);
    return PythonLimitsMovingWindow(p.count("limit"), seconds_of(window));
  }
};

}  // namespace weir::limiter
