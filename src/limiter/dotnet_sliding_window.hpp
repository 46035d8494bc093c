#pragma once

#include "core/int128.hpp"
#include "limiter/cost_log.hpp"
#include "limiter/first_hit_window.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// .NET's SlidingWindowRateLimiter: a timer, started with the limiter, moves on by one segment at a
/// time and gives back what was taken a window before.
class DotnetSlidingWindow {
 public:
  struct State {
    /// Positions are numbers of segments since the limiter's start.
    CostLog log;

    bool operator==(const State&) const = default;
  };

  DotnetSlidingWindow(std::int64_t permit_limit, std::int64_t segments, Duration segment,
                      Instant start)
      : limit_(permit_limit), segments_(segments), segment_(segment), start_(start) {}

  /// A cost of 0 asks whether any permit is left.
  Verdict check(const State& state, Instant now, Cost cost) const {
    const std::int64_t left = limit_ - used(state, now);
    return {.allowed = left > 0 && cost <= left, .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state.log.add(segment_at(now), cost, expired(now));
  }

  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > limit_) return std::nullopt;
    const std::int64_t room = limit_ - std::max<Cost>(cost, 1);
    return leaves_at(state.log.position_leaving(expired(now), room).value());
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t count = used(state, now);
    return {
        .limit = limit_,
        .remaining = limit_ - count,
        .reset_after = count == 0 ? Duration() : wait_until(leaves_at(state.log.newest()), now)};
  }

  /// The limit in each window's worth of the segments that the interval can touch.
  std::optional<std::int64_t> bound(Duration interval) const {
    const std::int64_t touched = 1 + ceil_div(interval.ns(), segment_.ns());
    return saturate(Int128{ceil_div(touched, segments_)} * limit_);
  }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

  static std::size_t owned_bytes(const State& state) { return state.log.owned_bytes(); }

 private:
  std::int64_t segment_at(Instant now) const {
    return floor_div((now - start_).ns(), segment_.ns());
  }
  /// The last segment whose permits are back.
  std::int64_t expired(Instant now) const { return segment_at(now) - segments_; }

  std::int64_t used(const State& state, Instant now) const {
    return state.log.sum_after(expired(now));
  }

  Instant leaves_at(std::int64_t segment) const {
    const Int128 since_start = (Int128{segment} + segments_) * segment_.ns();
    return Instant::from_unix_ns(saturate(start_.unix_ns() + since_start));
  }

  std::int64_t limit_;
  std::int64_t segments_;
  Duration segment_;
  Instant start_;
};

/// The catalogue entry of .NET's SlidingWindowRateLimiter.
struct DotnetSlidingWindowEntry {
  using Limiter = DotnetSlidingWindow;

  static AlgorithmInfo info() {
    return {
        .id = "dotnet-sliding-window",
        .summary =
            ".NET SlidingWindowRateLimiter: segments by a timer from the limiter's start, each "
            "given back as a whole",
        .parameters = {{.name = "permit_limit",
                        .type = ParameterType::count,
                        .description = "permits per window",
                        .min = 1,
                        .max = std::numeric_limits<std::int32_t>::max()},
                       {.name = "window",
                        .type = ParameterType::duration,
                        .description = "whole milliseconds",
                        .min = 1'000'000},
                       {.name = "segments_per_window",
                        .type = ParameterType::count,
                        .description = "at most one per millisecond of the window",
                        .min = 1,
                        .max = std::numeric_limits<std::int32_t>::max()}},
        .rule =
            "segment = window / segments_per_window, cut to whole ms by the timer\n"
            "segments follow one another from the limiter's start (the run's)\n"
            "a new one gives back what was taken in the one segments_per_window before it\n"
            "admit c permits  if c <= permits:  permits -= c, taken in this segment\n"
            "deny             otherwise; nothing changes; c > permit_limit throws\n"
            "a cost of 0 asks whether any permit is left, and is denied if none is\n"
            "not modelled: the queue (QueueLimit above 0), the timer's lateness, and that\n"
            "  partitions have limiters of their own, filled by a common timer of 100 ms",
        .source = "System.Threading.RateLimiting: SlidingWindowRateLimiter.cs (dotnet/runtime)",
        .version = "as of .NET 10; AutoReplenishment, QueueLimit 0",
        .evidence = Evidence::read_in_source,
        .state_size = "24, and 16 for each segment with permits taken",
        .example = "permit_limit=100 window=1m segments_per_window=6",
        .denied_status = 503,
        .advertises =
            "nothing: the lease has no RetryAfter, and ASP.NET writes headers only where "
            "OnRejected does",
        .clock_granularity = Duration::from_ns(100),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const Duration window = p.duration("window");
    if (auto problem =
            whole_units_problem("window", window, Duration::from_ms(1), "milliseconds")) {
      return tl::unexpected(*problem);
    }
    const std::int64_t segments = p.count("segments_per_window");
    const std::int64_t segment_ms = window.ns() / 1'000'000 / segments;
    if (segment_ms == 0) {
      return tl::unexpected(
          MakeProblem{"segments_per_window", "must be at most one per millisecond of the window"});
    }
    return DotnetSlidingWindow(p.count("permit_limit"), segments, Duration::from_ms(segment_ms),
                               env.start);
  }
};

}  // namespace weir::limiter
