#pragma once

#include "limiter/go_seconds.hpp"
#include "limiter/integer_gcra.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"

namespace weir::limiter {

/// Go's throttled: GCRARateLimiter and HTTPRateLimiter.
class GoThrottled : public IntegerGcra {
 public:
  using IntegerGcra::IntegerGcra;

  /// The exact wait, rounded up to whole seconds; nothing for a cost that never fits.
  std::optional<Duration> advertised_retry_after(const State& state, Instant now, Cost cost) const {
    const std::int64_t spare = cost <= limit() ? spare_ns(state, now, cost) : 0;
    if (spare >= 0) return std::nullopt;
    return go_ceil_seconds(Duration::from_ns(-spare));
  }

  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    const Quota left = quota(state, now);
    return {left.limit, left.remaining, go_ceil_seconds(left.reset_after)};
  }
};

/// The catalogue entry of Go's throttled.
struct GoThrottledEntry {
  using Limiter = GoThrottled;

  static AlgorithmInfo info() {
    return {
        .id = "go-throttled",
        .summary = "Go throttled, GCRARateLimiter: GCRA in whole nanoseconds",
        .parameters = {{.name = "rate",
                        .type = ParameterType::rate,
                        .description = "PerSec(n), PerMin(n), ...; above 0, at most one per ns"},
                       {.name = "max_burst",
                        .type = ParameterType::count,
                        .description = "MaxBurst: how many may come back to back beside the "
                                       "first"}},
        .rule =
            "T = period / n, cut to whole ns; limit = max_burst + 1\n"
            "TAT' = max(TAT, now) + T c\n"
            "admit cost c  if now >= TAT' - limit T:  TAT = TAT'; a cost of 0 only looks\n"
            "deny          otherwise; nothing changes\n"
            "that the store forgets a key at TAT changes nothing",
        .source = "rate.go, http.go",
        .version = "9e814f27",
        .evidence = Evidence::checked_against_program,
        .state_size = "8",
        .example = "rate=300/1m max_burst=19",
        .advertises =
            "X-RateLimit-Limit (max_burst + 1), X-RateLimit-Remaining, X-RateLimit-Reset (until "
            "all is back) on all answers, Retry-After (the exact wait; not for a cost above the "
            "limit) on 429; seconds rounded up, in float64",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const Rate rate = p.rate("rate");
    if (rate.units == 0) return tl::unexpected(MakeProblem{"rate", "must be above 0"});
    const std::int64_t interval = rate.per.ns() / static_cast<std::int64_t>(rate.units);
    if (interval == 0) {
      return tl::unexpected(MakeProblem{
          "rate", "must be at most one per nanosecond: throttled divides by the interval"});
    }
    if (!IntegerGcra::fits(interval, p.count("max_burst") + 1, env)) {
      return tl::unexpected(MakeProblem{
          "max_burst",
          "is too large: max_burst + 1 times the interval does not fit 64-bit nanoseconds"});
    }
    return GoThrottled(interval, p.count("max_burst") + 1, env.start);
  }
};

}  // namespace weir::limiter
