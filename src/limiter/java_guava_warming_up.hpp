#pragma once

#include "limiter/java_guava.hpp"

namespace weir::limiter {

/// The catalogue entry of Guava's RateLimiter.create(rate, warmup).
struct JavaGuavaWarmingUpEntry {
  using Limiter = Guava<GuavaWarmingUpRule>;

  static AlgorithmInfo info() {
    return {
        .id = "java-guava-warming-up",
        .summary = "Guava RateLimiter (SmoothWarmingUp), tryAcquire: slower after a pause",
        .parameters = {{.name = "rate",
                        .type = ParameterType::rate,
                        .description = "permits per second once it is warm; above 0"},
                       {.name = "warmup",
                        .type = ParameterType::duration,
                        .description = "how long it takes to get warm, cut to whole microseconds",
                        .min = 1'000}},
        .rule =
            "now in whole us; stable = 1e6 / rate in us; permits in float64\n"
            "threshold = 0.5 warmup / stable; most = threshold + 2 warmup / (4 stable)\n"
            "time(x) = stable + x 2 stable / (most - threshold), x above the threshold\n"
            "deny          if now < next_free; nothing changes\n"
            "admit cost c  otherwise, whatever c is, up to 2^31 - 1:\n"
            "  stored = min(most, stored + (now - next_free) most / warmup); next_free = now\n"
            "  take = min(c, stored), of which a above the threshold, from x down\n"
            "  next_free += a (time(x) + time(x - a)) / 2 + stable (take - a)\n"
            "             + stable (c - take), each of the three cut to whole us\n"
            "  stored -= take\n"
            "a key's RateLimiter is created, cold, by its first request; its clock counts\n"
            "from the start of the run",
        .source = "SmoothRateLimiter.java, RateLimiter.java",
        .version = "07212fe1",
        .evidence = Evidence::checked_against_program,
        .state_size = "16",
        .example = "rate=5/s warmup=2s",
        .advertises = guava_advertises,
        .clock_granularity = Duration::from_us(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const Rate rate = p.rate("rate");
    if (rate.units == 0) return tl::unexpected(MakeProblem{"rate", "must be above 0"});
    return Limiter(
        GuavaWarmingUpRule(guava_permits_per_second(rate), p.duration("warmup").ns() / 1000),
        env.start);
  }
};

}  // namespace weir::limiter
