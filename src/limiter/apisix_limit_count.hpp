#pragma once

#include <cmath>
#include <variant>

#include "limiter/first_hit_window.hpp"
#include "limiter/first_true.hpp"

namespace weir::limiter {

/// APISIX limit-count with fixed windows: a counter in nginx's shared memory that begins with a
/// key's first request, denied requests counted.
class ApisixFixedWindow : public FirstHitWindow {
 public:
  ApisixFixedWindow(std::int64_t count, std::int64_t window_s)
      : FirstHitWindow({.limit = count,
                        .window_ticks = window_s * 1000,
                        // An entry is still there in the very millisecond at which it expires.
                        .afterlife_ticks = 1}),
        window_s_(window_s) {}

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }

  /// The reset is a difference of whole seconds.
  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    const std::int64_t start_ms = is_open(state, now) ? state.start_tick : now_tick(now);
    const std::int64_t passed_s =
        floor_div<std::int64_t>(now_tick(now), 1000) - floor_div<std::int64_t>(start_ms, 1000);
    return {limit(), remaining(state, now),
            Duration::from_seconds(std::max<std::int64_t>(window_s_ - passed_s, 0))};
  }

 private:
  std::int64_t window_s_;
};

/// APISIX limit-count with window_type sliding: the window of now, counted from the epoch, and what
/// the rate of the one before would still add to it, in double precision.
class ApisixSlidingWindow {
 public:
  struct State {
    /// The number of the window that was counted in last.
    std::int64_t window = -(std::int64_t{1} << 62);
    std::int64_t current = 0;
    std::int64_t previous = 0;
  };

  ApisixSlidingWindow(std::int64_t count, std::int64_t window_s)
      : limit_(count), window_s_(window_s) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = admits_at(state, clock.ticks_at(now), cost), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state = seen(state, window_of(clock.ticks_at(now)));
    state.current += cost;
  }

  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > limit_) return std::nullopt;
    const auto admitted = [&](std::int64_t ms) { return admits_at(state, ms, cost); };
    // What counts falls within a window, but not from one to the next.
    std::int64_t from = clock.ticks_at(now);
    for (std::int64_t window = window_of(from);; ++window) {
      const std::int64_t last = (window + 1) * window_ms() - 1;
      if (admitted(last)) return clock.instant_of(first_true(from, last, last, admitted));
      from = last + 1;
    }
  }

  bool is_as_new(const State& state, Instant now) const {
    const State s = seen(state, window_of(clock.ticks_at(now)));
    return s.current == 0 && s.previous == 0;
  }

  Quota quota(const State& state, Instant now) const {
    const auto denied = [&](Cost cost) { return !check(state, now, cost).allowed; };
    const Cost guess = saturated_floor(std::ceil(left(state, clock.ticks_at(now))));
    return {.limit = limit_,
            .remaining = first_true(0, limit_, guess, [&](Cost c) { return denied(c + 1); }),
            .reset_after = wait_until(earliest(state, now, limit_), now)};
  }

  /// The limit in every window that the interval touches, without what the previous one takes away.
  std::optional<std::int64_t> bound(Duration interval) const {
    const std::int64_t ms = clock.most_ticks_in(interval);
    return saturate((1 + Int128{ceil_div(ms, window_ms())}) * limit_);
  }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }

  /// The reset is the rest of the window, or when there will be room, rounded up to hundredths of a
  /// second.
  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    const std::int64_t ms = clock.ticks_at(now);
    const State s = seen(state, window_of(ms));
    const double rest = rest_of_window(ms);
    double reset = rest;
    if (s.current < limit_ && left(state, ms) <= 0.0 && rate_of(s) > 0.0) {
      reset = std::max(rest - static_cast<double>(limit_ - s.current) / rate_of(s), 0.0);
    }
    const std::int64_t remaining = saturated_floor(left(state, ms));
    return {limit_, std::max<std::int64_t>(remaining, 0),
            Duration::from_ms(saturated_floor(std::ceil(reset * 100.0)) * 10)};
  }

 private:
  static constexpr CoarseClock clock = CoarseClock::milliseconds();

  std::int64_t window_ms() const { return window_s_ * 1000; }
  std::int64_t window_of(std::int64_t ms) const { return floor_div(ms, window_ms()); }

  State seen(const State& state, std::int64_t window) const {
    if (window == state.window) return state;
    return {
        .window = window, .current = 0, .previous = window == state.window + 1 ? state.current : 0};
  }

  /// Requests per second of the window before.
  double rate_of(const State& s) const {
    return static_cast<double>(std::min(s.previous, limit_)) / static_cast<double>(window_s_);
  }

  double rest_of_window(std::int64_t ms) const {
    const double now_s = static_cast<double>(ms) / 1000.0;
    return static_cast<double>(window_s_) -
           (now_s - static_cast<double>(window_of(ms) * window_s_));
  }

  /// The limit less what has been admitted and what the window before makes expect.
  double left(const State& state, std::int64_t ms) const {
    const State s = seen(state, window_of(ms));
    return static_cast<double>(limit_ - s.current) - rate_of(s) * rest_of_window(ms);
  }

  /// Whether the last of `cost` requests still finds fewer than the limit.
  bool admits_at(const State& state, std::int64_t ms, Cost cost) const {
    if (cost == 0) return true;
    const State s = seen(state, window_of(ms));
    if (cost > limit_ - s.current) return false;
    const auto before = static_cast<double>(s.current + cost - 1);
    return rate_of(s) * rest_of_window(ms) + before < static_cast<double>(limit_);
  }

  std::int64_t limit_;
  std::int64_t window_s_;
};

/// The catalogue entry of APISIX's limit-count.
struct ApisixLimitCountEntry {
  using Limiter = std::variant<ApisixFixedWindow, ApisixSlidingWindow>;

  static AlgorithmInfo info() {
    return {
        .id = "apisix-limit-count",
        .summary =
            "APISIX limit-count, policy local: fixed windows from a key's first request, or "
            "sliding ones",
        .parameters = {{.name = "count",
                        .type = ParameterType::count,
                        .description = "requests per window",
                        .min = 1},
                       {.name = "time_window",
                        .type = ParameterType::duration,
                        .description = "whole seconds",
                        .min = 1'000'000'000},
                       {.name = "window_type",
                        .type = ParameterType::choice,
                        .description = "which windows (sliding since version 3.18)",
                        .default_value = "fixed",
                        .choices = {"fixed", "sliding"}}},
        .rule =
            "now = Unix time in whole ms\n"
            "fixed:    a counter lives from a key's first request for time_window + 1 ms\n"
            "          consumed += 1, then deny if consumed > count, so denied ones count\n"
            "sliding:  window = floor(now / time_window); cur and prev count admissions in\n"
            "          it and in the one before; rest = what is left of the window\n"
            "          deny if cur >= count, or if in double precision\n"
            "          min(prev, count) / time_window rest + cur >= count\n"
            "          a denial changes nothing; otherwise cur += 1\n"
            "a cost of n is n requests, let in together or not at all",
        .source =
            "apisix/plugins/limit-count/limit-count-local.lua, sliding-window/sliding-window.lua, "
            "lua-resty-limit-traffic lib/resty/limit/count.lua",
        .version = "f519a0f",
        .evidence = Evidence::read_in_source,
        .state_size = "16; 24 with window_type=sliding",
        .example = "count=100 time_window=60s",
        .denied_status = 503,
        .advertises =
            "X-RateLimit-Limit, X-RateLimit-Remaining (rounded down) and X-RateLimit-Reset: fixed, "
            "time_window less the difference of the clock's whole seconds since the first request; "
            "sliding, the rest of the window or until there is room, rounded up to 0.01 s; no "
            "Retry-After",
        .clock_granularity = Duration::from_ms(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Duration window = p.duration("time_window");
    if (auto problem =
            whole_units_problem("time_window", window, Duration::from_seconds(1), "seconds")) {
      return tl::unexpected(*problem);
    }
    const std::int64_t seconds = window.ns() / 1'000'000'000;
    if (p.choice("window_type") == "sliding") {
      return ApisixSlidingWindow(p.count("count"), seconds);
    }
    return ApisixFixedWindow(p.count("count"), seconds);
  }
};

}  // namespace weir::limiter
