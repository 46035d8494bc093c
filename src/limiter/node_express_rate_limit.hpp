#pragma once

#include "limiter/first_hit_window.hpp"

namespace weir::limiter {

/// express-rate-limit with its memory store: windows from a key's first request in whole
/// milliseconds, denied requests counted.
class NodeExpressRateLimit : public FirstHitWindow {
 public:
  NodeExpressRateLimit(std::int64_t limit, std::int64_t window_ms)
      : FirstHitWindow({.limit = limit, .window_ticks = window_ms}) {}

  std::optional<Duration> advertised_retry_after(const State& state, Instant now, Cost) const {
    return Duration::from_seconds(ceil_div<std::int64_t>(ticks_left(state, now), 1000));
  }

  /// The reset is a Unix time in whole seconds.
  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    const std::int64_t reset_s = ceil_div<std::int64_t>(end_tick(state, now), 1000);
    const Int128 reset_after = Int128{reset_s} * 1'000'000'000 - now.unix_ns();
    return {limit(), remaining(state, now), Duration::from_ns(saturate(reset_after))};
  }
};

/// The catalogue entry of Node's express-rate-limit.
struct NodeExpressRateLimitEntry {
  using Limiter = NodeExpressRateLimit;

  static AlgorithmInfo info() {
    return {
        .id = "node-express-rate-limit",
        .summary =
            "express-rate-limit: fixed windows from a key's first request, denied ones counted",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description = "requests per window; 0 denies all",
                        .default_value = "5"},
                       {.name = "window",
                        .type = ParameterType::duration,
                        .description = "windowMs: whole milliseconds",
                        .default_value = "1m",
                        .min = 1'000'000}},
        .rule =
            "now = Unix time in whole ms; a key has resetTime and totalHits\n"
            "first request, or resetTime <= now:  totalHits = 0; resetTime = now + windowMs\n"
            "totalHits += 1, then deny if totalHits > limit: denied requests count too\n"
            "a cost of n counts n (the middleware itself always 1), a cost of 0 is not seen",
        .source = "source/memory-store.ts, source/rate-limit.ts, source/headers.ts",
        .version = "8.7.4 (source read at 3828a5b), memory store",
        .evidence = Evidence::checked_against_program,
        .state_size = "16",
        .example = "limit=100 window=15m",
        .advertises =
            "X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset, a Unix time in "
            "seconds, rounded up (legacyHeaders, the default; with standardHeaders the IETF "
            "drafts 6 to 8); on a denial Retry-After, rounded up",
        .clock_granularity = Duration::from_ms(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Duration window = p.duration("window");
    if (auto problem =
            whole_units_problem("window", window, Duration::from_ms(1), "milliseconds")) {
      return tl::unexpected(*problem);
    }
    return NodeExpressRateLimit(p.count("limit"), window.ns() / 1'000'000);
  }
};

}  // namespace weir::limiter
