#pragma once

#include <algorithm>
#include <limits>

#include "limiter/integer_gcra.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"

namespace weir::limiter {

/// Rust's governor: check_n of a keyed RateLimiter with the middleware StateInformationMiddleware.
class RustGovernor : public IntegerGcra {
 public:
  using IntegerGcra::IntegerGcra;

  /// NotUntil::wait_time_from, to the nanosecond; nothing beside InsufficientCapacity.
  std::optional<Duration> advertised_retry_after(const State& state, Instant now, Cost cost) const {
    const std::int64_t spare = cost <= limit() ? spare_ns(state, now, cost) : 0;
    if (spare >= 0) return std::nullopt;
    return Duration::from_ns(-spare);
  }

  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    const Quota left = quota(state, now);
    return {left.limit, left.remaining, std::nullopt};
  }
};

/// The catalogue entry of Rust's governor.
struct RustGovernorEntry {
  using Limiter = RustGovernor;

  static AlgorithmInfo info() {
    return {
        .id = "rust-governor",
        .summary = "Rust governor: GCRA in whole nanoseconds",
        .parameters = {{.name = "rate",
                        .type = ParameterType::rate,
                        .description = "Quota::per_second(n), per_minute(n), ...; above 0"},
                       {.name = "burst",
                        .type = ParameterType::count,
                        .description = "allow_burst(n): how many may come back to back",
                        .min = 1,
                        .max = std::numeric_limits<std::uint32_t>::max()}},
        .rule =
            "t = max(period / n, 1 ns), cut to whole ns; tau = t (burst - 1)\n"
            "deny, for ever  if t (c - 1) > tau\n"
            "deny            if now < TAT + t (c - 1) - tau; nothing changes\n"
            "admit cost c    otherwise:  TAT = max(TAT, now) + t c; a new key's TAT is now\n"
            "a cost of 0, which governor's types exclude, is let in",
        .source = "governor/src/gcra.rs, governor/src/quota.rs",
        .version = "9f3a79dd",
        .evidence = Evidence::read_in_source,
        .state_size = "8",
        .example = "rate=5/s burst=20",
        .advertises =
            "no headers of its own; to its caller the exact wait in ns (NotUntil), and with "
            "StateInformationMiddleware the burst and what is left of it",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const Rate rate = p.rate("rate");
    if (rate.units == 0) return tl::unexpected(MakeProblem{"rate", "must be above 0"});
    const std::int64_t interval =
        std::max<std::int64_t>(rate.per.ns() / static_cast<std::int64_t>(rate.units), 1);
    if (!IntegerGcra::fits(interval, p.count("burst"), env)) {
      return tl::unexpected(MakeProblem{
          "burst", "is too large: burst times the interval does not fit 64-bit nanoseconds"});
    }
    return RustGovernor(interval, p.count("burst"), env.start);
  }
};

}  // namespace weir::limiter
