#pragma once

#include "limiter/java_guava.hpp"

namespace weir::limiter {

/// The catalogue entry of Guava's RateLimiter.create(rate).
struct JavaGuavaBurstyEntry {
  using Limiter = Guava<GuavaBurstyRule>;

  static AlgorithmInfo info() {
    return {
        .id = "java-guava-bursty",
        .summary = "Guava RateLimiter (SmoothBursty), tryAcquire: the next one pays",
        .parameters = {{.name = "rate",
                        .type = ParameterType::rate,
                        .description = "RateLimiter.create(permits per second); above 0"}},
        .rule =
            "now in whole us; stable = 1e6 / rate in us; permits in float64\n"
            "deny          if now < next_free; nothing changes\n"
            "admit cost c  otherwise, whatever c is, up to 2^31 - 1:\n"
            "  stored = min(rate 1 s, stored + (now - next_free) / stable); next_free = now\n"
            "  take = min(c, stored); stored -= take\n"
            "  next_free += (c - take) stable, cut to whole us\n"
            "a key's RateLimiter is created, with nothing stored, by its first request; its\n"
            "clock counts from the start of the run",
        .source = "SmoothRateLimiter.java, RateLimiter.java",
        .version = "07212fe1",
        .evidence = Evidence::checked_against_program,
        .state_size = "16",
        .example = "rate=5/s",
        .advertises = guava_advertises,
        .clock_granularity = Duration::from_us(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const Rate rate = p.rate("rate");
    if (rate.units == 0) return tl::unexpected(MakeProblem{"rate", "must be above 0"});
    return Limiter(GuavaBurstyRule(guava_permits_per_second(rate)), env.start);
  }
};

}  // namespace weir::limiter
