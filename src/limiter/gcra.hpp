#pragma once

#include <algorithm>
#include <limits>
#include <variant>

#include "core/emission.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"

namespace weir::limiter {

/// Generic cell rate algorithm: `burst` units back to back, then one every 1/rate.
/// Source: ITU-T I.371, virtual scheduling with T = 1/rate and tau = (burst - 1) T.
/// Int is the width of a tick: 8 bytes of state a key, or 16 where a rate's ticks need them.
template <class Int>
class Gcra {
 public:
  struct State {
    /// The theoretical arrival time: before it, the key is in debt.
    Int tat = std::numeric_limits<Int>::min();
  };

  Gcra(const Rate& rate, std::int64_t burst, Instant origin)
      : clock_(rate, origin), burst_(burst), allowance_(clock_.interval() * burst) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    if (cost > burst_) return {.allowed = false, .delay = {}};
    const Int t = clock_.ticks_at(now);
    const bool conforms = std::max(state.tat, t) + clock_.interval() * cost - t <= allowance_;
    return {.allowed = conforms || cost == 0, .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    const Int charged = std::max(state.tat, clock_.ticks_at(now)) + clock_.interval() * cost;
    state.tat = cost == 0 ? state.tat : charged;
  }

  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (cost > burst_) return std::nullopt;
    if (cost == 0 || state.tat == State{}.tat) return now;
    return std::max(
        now, clock_.instant_at_or_after(state.tat + clock_.interval() * cost - allowance_));
  }

  Quota quota(const State& state, Instant now) const {
    const Int t = clock_.ticks_at(now);
    const Int debt = std::max(state.tat, t) - t;
    const Int left = std::max<Int>(allowance_ - debt, 0) / clock_.interval();
    return {.limit = burst_,
            .remaining = static_cast<std::int64_t>(left),
            .reset_after = clock_.duration_at_least(debt)};
  }

  std::optional<std::int64_t> bound(Duration interval) const {
    return burst_ + static_cast<std::int64_t>(clock_.ticks_in(interval) / clock_.interval());
  }

 private:
  EmissionClock<Int> clock_;
  std::int64_t burst_;
  Int allowance_;
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
                        .description = "sustained rate"},
                       {.name = "burst",
                        .type = ParameterType::count,
                        .description = "how many units may come back to back",
                        .min = 1}},
        .rule = "T = 1/rate; tau = (burst - 1) T; TAT = when the last admission is paid off\n"
                "admit cost c  if  max(TAT, now) + c T - now <= tau + T,  then TAT = max(TAT, now) + c T\n"
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
    if (rate.units == 0) {
      return tl::unexpected(MakeProblem{"rate", "must be above 0 (use deny-all to admit nothing)"});
    }
    if (env.wide_ticks || !fits_int64_ticks(rate, env.horizon, burst)) {
      return Gcra<Int128>(rate, burst, env.start);
    }
    return Gcra<std::int64_t>(rate, burst, env.start);
  }
};

}  // namespace weir::limiter
