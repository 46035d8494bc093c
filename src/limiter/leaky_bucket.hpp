#pragma once

#include <variant>

#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/virtual_schedule.hpp"

namespace weir::limiter {

/// A bucket that admissions fill and that drains evenly: a meter, which never holds a request back.
/// Its level is (TAT - now) rate, so that it admits exactly what GCRA of the same capacity does.
template <class Int>
class LeakyBucket : public VirtualSchedule<Int> {
 public:
  using VirtualSchedule<Int>::VirtualSchedule;
};

/// The catalogue entry of the leaky bucket as a meter.
struct LeakyBucketEntry {
  using Limiter = std::variant<LeakyBucket<std::int64_t>, LeakyBucket<Int128>>;

  static AlgorithmInfo info() {
    return {
        .id = "leaky-bucket",
        .summary =
            "Leaky bucket as a meter: admissions fill it, it drains evenly, and what would "
            "overflow is denied",
        .parameters = {{.name = "capacity",
                        .type = ParameterType::count,
                        .description = "how much the bucket holds; 0 admits nothing"},
                       {.name = "rate",
                        .type = ParameterType::rate,
                        .description = "how fast it drains; 0/s never does"}},
        .rule =
            "level = max(0, level - rate (now - last)); a new key's is 0\n"
            "admit cost c  if  level + c <= capacity;  then  level = level + c, last = now\n"
            "deny          otherwise; nothing changes",
        .source =
            "J. Turner, New directions in communications, IEEE Communications Magazine 24 "
            "(10), 1986",
        .version = "",
        .evidence = Evidence::canonical,
        .state_size = "8 (16 where the rate's ticks do not fit 64 bits over the horizon)",
        .example = "capacity=20 rate=5/s",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const Rate rate = p.rate("rate");
    const std::int64_t capacity = p.count("capacity");
    if (auto problem = rate_problem("rate", rate)) return tl::unexpected(*problem);
    if (needs_wide_ticks(rate, capacity, env)) {
      return LeakyBucket<Int128>(rate, capacity, env.start);
    }
    return LeakyBucket<std::int64_t>(rate, capacity, env.start);
  }
};

}  // namespace weir::limiter
