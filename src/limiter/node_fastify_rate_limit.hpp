#pragma once

#include "limiter/first_hit_window.hpp"

namespace weir::limiter {

/// @fastify/rate-limit with its local store: windows from a key's first request in whole
/// milliseconds, denied requests counted.
class NodeFastifyRateLimit : public FirstHitWindow {
 public:
  NodeFastifyRateLimit(std::int64_t max, std::int64_t window_ms)
      : FirstHitWindow({.limit = max, .window_ticks = window_ms}) {}

  std::optional<Duration> advertised_retry_after(const State& state, Instant now, Cost) const {
    return seconds_left(state, now);
  }

  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    return {limit(), remaining(state, now), seconds_left(state, now)};
  }

 private:
  Duration seconds_left(const State& state, Instant now) const {
    return Duration::from_seconds(ceil_div<std::int64_t>(ticks_left(state, now), 1000));
  }
};

/// The catalogue entry of Node's @fastify/rate-limit.
struct NodeFastifyRateLimitEntry {
  using Limiter = NodeFastifyRateLimit;

  static AlgorithmInfo info() {
    return {
        .id = "node-fastify-rate-limit",
        .summary =
            "@fastify/rate-limit: fixed windows from a key's first request, denied ones counted",
        .parameters = {{.name = "max",
                        .type = ParameterType::count,
                        .description = "requests per window; 0 denies all",
                        .default_value = "1000"},
                       {.name = "time_window",
                        .type = ParameterType::duration,
                        .description = "timeWindow: whole milliseconds",
                        .default_value = "1m",
                        .min = 1'000'000}},
        .rule =
            "now = Unix time in whole ms; a key has start and current\n"
            "first request, or start + timeWindow <= now:  current = 0; start = now\n"
            "current += 1, then deny if current > max: denied requests count too\n"
            "a cost of n counts n (the plugin itself always 1), a cost of 0 is not seen\n"
            "not modelled: ban, continueExceeding, exponentialBackoff, and that the store\n"
            "  keeps only the 5000 keys used last",
        .source = "store/LocalStore.js, index.js",
        .version = "78a7d41, local store",
        .evidence = Evidence::read_in_source,
        .state_size = "16",
        .example = "max=100 time_window=1m",
        .advertises =
            "x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset in seconds from now, "
            "rounded up; on a denial retry-after, the same as the reset",
        .clock_granularity = Duration::from_ms(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Duration window = p.duration("time_window");
    if (auto problem =
            whole_units_problem("time_window", window, Duration::from_ms(1), "milliseconds")) {
      return tl::unexpected(*problem);
    }
    return NodeFastifyRateLimit(p.count("max"), window.ns() / 1'000'000);
  }
};

}  // namespace weir::limiter
