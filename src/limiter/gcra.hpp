#pragma once

#include <variant>

#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/virtual_schedule.hpp"

namespace weir::limiter {

/// Generic cell rate algorithm: `burst` units back to back, then one every 1/rate.
/// Source: ITU-T I.371, virtual scheduling with T = 1/rate and tau = (burst - 1) T.
template <class Int>
class Gcra : public VirtualSchedule<Int> {
 public:
  using VirtualSchedule<Int>::VirtualSchedule;
};

/// The catalogue entry of GCRA.
struct GcraEntry {
  using Limiter = std::variant<Gcra<std::int64_t>, Gcra<Int128>>;

  static AlgorithmInfo info() {
    return {
        .id = "gcra",
        .summary = "Generic cell rate algorithm: a burst back to back, then one every 1/rate",
        .parameters = {{.name = "rate",
                        .type = ParameterType::rate,
                        .description = "sustained rate, above 0"},
                       {.name = "burst",
                        .type = ParameterType::count,
                        .description = "how many units may come back to back",
                        .min = 1}},
        .rule =
            "T = 1/rate; tau = (burst - 1) T\n"
            "TAT = when the last admission is paid off; a new key owes nothing\n"
            "admit cost c  if  max(TAT, now) + (c - 1) T - now <= tau;  then  "
            "TAT = max(TAT, now) + c T\n"
            "deny          otherwise; nothing changes",
        .source = "ITU-T I.371 (virtual scheduling)",
        .version = "",
        .evidence = Evidence::canonical,
        .state_size = "8 (16 where the rate's ticks do not fit 64 bits over the horizon)",
        .example = "rate=5/s burst=20",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const Rate rate = p.rate("rate");
    const std::int64_t burst = p.count("burst");
    if (auto problem = positive_rate_problem("rate", rate)) return tl::unexpected(*problem);
    if (needs_wide_ticks(rate, burst, env)) return Gcra<Int128>(rate, burst, env.start);
    return Gcra<std::int64_t>(rate, burst, env.start);
  }
};

}  // namespace weir::limiter
