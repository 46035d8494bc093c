#pragma once

#include <algorithm>

#include "limiter/python_time.hpp"

namespace weir::limiter {

/// The fixed window of Python's limits with its memory storage: from a key's first hit, in float64
/// seconds, denied hits counted.
class PythonLimitsFixedWindow {
 public:
  struct State {
    double expires_s = -std::numeric_limits<double>::infinity();
    std::int64_t count = 0;
  };

  PythonLimitsFixedWindow(std::int64_t limit, std::int64_t window_s)
      : limit_(limit), window_s_(window_s) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || cost <= limit_ - used(state, now), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    const std::int64_t before = used(state, now);
    if (before == 0) state.expires_s = python_time(now) + static_cast<double>(window_s_);
    state.count = saturate(Int128{before} + cost);
  }

  void charge_denied(State& state, Instant now, Cost cost) const { charge(state, now, cost); }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > limit_) return std::nullopt;
    return end_of(state, now);
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t count = used(state, now);
    return {.limit = limit_,
            .remaining = std::max<std::int64_t>(limit_ - count, 0),
            .reset_after = count == 0 ? Duration() : wait_until(end_of(state, now), now)};
  }

  /// The limit in every window that the interval can touch.
  std::optional<std::int64_t> bound(Duration interval) const {
    const std::int64_t shortest = window_s_ * 1'000'000'000 - python_clock_error_ns;
    return saturate((1 + Int128{ceil_div(interval.ns(), shortest)}) * limit_);
  }

  std::optional<Duration> advertised_retry_after(const State& state, Instant now, Cost) const {
    return FlaskHeaders(reset_s(state, now), now).retry_after();
  }

  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    return {limit_, std::max<std::int64_t>(limit_ - used(state, now), 0),
            FlaskHeaders(reset_s(state, now), now).reset_after()};
  }

 private:
  std::int64_t used(const State& state, Instant now) const {
    return state.expires_s <= python_time(now) ? 0 : state.count;
  }

  std::optional<Instant> end_of(const State& state, Instant now) const {
    return first_instant(now, state.expires_s,
                         [&](std::int64_t ns) { return state.expires_s <= python_time(ns); });
  }

  double reset_s(const State& state, Instant now) const {
    return used(state, now) == 0 ? python_time(now) : state.expires_s;
  }

  std::int64_t limit_;
  std::int64_t window_s_;
};

/// The catalogue entry of the fixed window of Python's limits.
struct PythonLimitsFixedWindowEntry : PythonLimitsEntry {
  using Limiter = PythonLimitsFixedWindow;

  static AlgorithmInfo info() {
    return {
        .id = "python-limits-fixed-window",
        .summary =
            "Python limits, fixed-window: from a key's first hit in float64 seconds, denied hits "
            "counted",
        .parameters = parameters(),
        .rule =
            "now = time.time(), Unix seconds in float64; a key has a count and an expiry\n"
            "count = 0 if expiry <= now\n"
            "count += c, and expiry = now + window if that is the first hit\n"
            "deny if count > limit: denied hits count too\n"
            "a cost of 0 is let in and not counted",
        .source = "limits/strategies.py, limits/storage/memory.py",
        .version = "f7d1eef, memory storage",
        .evidence = Evidence::checked_against_program,
        .state_size = "16",
        .example = "limit=100 window=60s",
        .advertises = FlaskHeaders::advertises,
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Duration window = p.duration("window");
    if (auto problem = problem_of_window(window)) return tl::unexpected(*problem);
    return PythonLimitsFixedWindow(p.count("limit"), seconds_of(window));
  }
};

}  // namespace weir::limiter
