#pragma once

#include "limiter/first_hit_window.hpp"

namespace weir::limiter {

/// rate-limiter-flexible in memory: windows from a key's first request in whole milliseconds,
/// denied requests counted.
class NodeRateLimiterFlexible : public FirstHitWindow {
 public:
  NodeRateLimiterFlexible(std::int64_t points, std::int64_t duration_ms)
      : FirstHitWindow({.limit = points, .window_ticks = duration_ms}) {}

  std::optional<Duration> advertised_retry_after(const State& state, Instant now, Cost) const {
    return Duration::from_ms(ticks_left(state, now));
  }

  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    return {std::nullopt, remaining(state, now), Duration::from_ms(ticks_left(state, now))};
  }
};

/// The catalogue entry of Node's rate-limiter-flexible.
struct NodeRateLimiterFlexibleEntry {
  using Limiter = NodeRateLimiterFlexible;

  static AlgorithmInfo info() {
    return {
        .id = "node-rate-limiter-flexible",
        .summary =
            "rate-limiter-flexible: fixed windows from a key's first request, denied ones counted",
        .parameters = {{.name = "points",
                        .type = ParameterType::count,
                        .description = "how much can be consumed per duration; 0 denies all",
                        .default_value = "4"},
                       {.name = "duration",
                        .type = ParameterType::duration,
                        .description = "whole milliseconds",
                        .default_value = "1s",
                        .min = 1'000'000}},
        .rule =
            "now = Unix time in whole ms; a key has expiresAt and consumed\n"
            "first request, or expiresAt <= now:  consumed = 0; expiresAt = now + duration\n"
            "consumed += c, then deny if consumed > points: denied requests count too\n"
            "a cost of 0 is let in and not seen\n"
            "not modelled: blockDuration, execEvenly, insurance, a duration of 0 (for ever)",
        .source = "lib/RateLimiterMemory.js, lib/component/MemoryStorage/MemoryStorage.js",
        .version = "11.4.0 (source read at 3c9c826), RateLimiterMemory",
        .evidence = Evidence::checked_against_program,
        .state_size = "16",
        .example = "points=10 duration=1s",
        .advertises =
            "its answer: remainingPoints and msBeforeNext, until the window's end (the "
            "documentation's example writes Retry-After: msBeforeNext / 1000); no headers of its "
            "own",
        .clock_granularity = Duration::from_ms(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Duration duration = p.duration("duration");
    if (auto problem =
            whole_units_problem("duration", duration, Duration::from_ms(1), "milliseconds")) {
      return tl::unexpected(*problem);
    }
    return NodeRateLimiterFlexible(p.count("points"), duration.ns() / 1'000'000);
  }
};

}  // namespace weir::limiter
