#pragma once

#include "core/int128.hpp"
#include "limiter/first_hit_window.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// .NET's FixedWindowRateLimiter: a timer, started with the limiter, fills it up once a window.
class DotnetFixedWindow {
 public:
  struct State {
    /// Counted from the limiter's start; of the window that was counted in last.
    std::int64_t window = std::numeric_limits<std::int64_t>::min();
    std::int64_t used = 0;
  };

  DotnetFixedWindow(std::int64_t permit_limit, Duration window, Instant start)
      : limit_(permit_limit), window_(window), start_(start) {}

  /// A cost of 0 asks whether any permit is left.
  Verdict check(const State& state, Instant now, Cost cost) const {
    const std::int64_t left = limit_ - used(state, now);
    return {.allowed = left > 0 && cost <= left, .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state = {.window = window_at(now), .used = used(state, now) + cost};
  }

  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > limit_) return std::nullopt;
    return next_window(now);
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t count = used(state, now);
    return {.limit = limit_,
            .remaining = limit_ - count,
            .reset_after = count == 0 ? Duration() : wait_until(next_window(now), now)};
  }

  /// The limit in every window that the interval can touch.
  std::optional<std::int64_t> bound(Duration interval) const {
    return saturate((1 + Int128{ceil_div(interval.ns(), window_.ns())}) * limit_);
  }

  /// The lease's RetryAfter: the whole window, whatever is left of it.
  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return window_;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

 private:
  std::int64_t window_at(Instant now) const { return floor_div((now - start_).ns(), window_.ns()); }

  Instant next_window(Instant now) const {
    const Int128 since_start = (Int128{window_at(now)} + 1) * window_.ns();
    return Instant::from_unix_ns(saturate(start_.unix_ns() + since_start));
  }

  std::int64_t used(const State& state, Instant now) const {
    return state.window == window_at(now) ? state.used : 0;
  }

  std::int64_t limit_;
  Duration window_;
  Instant start_;
};

/// The catalogue entry of .NET's FixedWindowRateLimiter.
struct DotnetFixedWindowEntry {
  using Limiter = DotnetFixedWindow;

  static AlgorithmInfo info() {
    return {
        .id = "dotnet-fixed-window",
        .summary = ".NET FixedWindowRateLimiter: windows by a timer from the limiter's start",
        .parameters = {{.name = "permit_limit",
                        .type = ParameterType::count,
                        .description = "permits per window",
                        .min = 1,
                        .max = std::numeric_limits<std::int32_t>::max()},
                       {.name = "window",
                        .type = ParameterType::duration,
                        .description = "whole milliseconds",
                        .min = 1'000'000}},
        .rule =
            "permits = permit_limit at the limiter's start (the run's) and every window\n"
            "admit c permits  if c <= permits:  permits -= c\n"
            "deny             otherwise; nothing changes; c > permit_limit throws\n"
            "a cost of 0 asks whether any permit is left, and is denied if none is\n"
            "not modelled: the queue (QueueLimit above 0), the timer's lateness, and that\n"
            "  partitions have limiters of their own, filled by a common timer of 100 ms",
        .source = "System.Threading.RateLimiting: FixedWindowRateLimiter.cs (dotnet/runtime)",
        .version = "as of .NET 10; AutoReplenishment, QueueLimit 0",
        .evidence = Evidence::read_in_source,
        .state_size = "16",
        .example = "permit_limit=100 window=1m",
        .denied_status = 503,
        .advertises =
            "the lease's RetryAfter: the whole window, however much of it has passed (from .NET 11 "
            "on until the next one); ASP.NET writes headers only where OnRejected does",
        .clock_granularity = Duration::from_ns(100),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const Duration window = p.duration("window");
    if (auto problem =
            whole_units_problem("window", window, Duration::from_ms(1), "milliseconds")) {
      return tl::unexpected(*problem);
    }
    return DotnetFixedWindow(p.count("permit_limit"), window, env.start);
  }
};

}  // namespace weir::limiter
