#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/emission.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// An allowance of `capacity` units that comes back evenly at `rate`, exactly: what GCRA, a token
/// bucket and a leaky bucket have in common. A key's state is one number, the theoretical arrival
/// time (TAT), at which the whole allowance is back; each unit admitted moves it by 1/rate. With a
/// rate of 0 nothing ever comes back.
/// Int is the width of a tick (see EmissionClock): 8 bytes of state a key, or 16.
template <class Int>
class VirtualSchedule {
 public:
  /// The TAT of a key never seen: earlier than every instant, and so of no effect.
  static constexpr Int never = std::numeric_limits<Int>::min();

  struct State {
    Int tat = never;
  };

  VirtualSchedule(const Rate& rate, std::int64_t capacity, Instant origin)
      : clock_(rate, origin),
        rate_(rate),
        capacity_(capacity),
        allowance_(clock_.interval() * capacity) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    if (cost > capacity_) return {.allowed = false, .delay = {}};
    const Int t = clock_.ticks_at(now);
    const bool conforms = std::max(state.tat, t) + clock_.interval() * cost - t <= allowance_;
    return {.allowed = conforms || cost == 0, .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    const Int charged = std::max(state.tat, clock_.ticks_at(now)) + clock_.interval() * cost;
    state.tat = cost == 0 ? state.tat : charged;
  }

  void charge_denied(State&, Instant, Cost) const {}

  /// Inlined, since reading back a returned std::optional costs more than all that is computed.
  [[gnu::always_inline]] std::optional<Instant> earliest(const State& state, Instant now,
                                                         Cost cost) const {
    if (cost > capacity_) return std::nullopt;
    const Int t = clock_.ticks_at(now);
    const Int wait = std::max(state.tat, t) + clock_.interval() * cost - t - allowance_;
    if (cost == 0 || wait <= 0) return now;
    if (rate_.units == 0) return std::nullopt;
    return add_saturating(now, clock_.duration_at_least(wait));
  }

  Quota quota(const State& state, Instant now) const {
    const Int t = clock_.ticks_at(now);
    const Int debt = std::max(state.tat, t) - t;
    const Int left = std::max<Int>(allowance_ - debt, 0) / clock_.interval();
    return {.limit = capacity_,
            .remaining = static_cast<std::int64_t>(left),
            .reset_after = time_for(debt)};
  }

  /// A refund gives back at most what is still owed; what was charged too little is owed in
  /// addition.
  void settle(State& state, Instant, Instant now, Cost charged, Cost actual) const {
    const Int t = clock_.ticks_at(now);
    const Int128 owed = Int128{clock_.interval()} * (actual - charged);
    if (actual > charged) {
      state.tat = static_cast<Int>(std::min<Int128>(std::max(state.tat, t) + owed, latest));
    } else if (state.tat > t) {
      state.tat = static_cast<Int>(std::max<Int128>(state.tat + owed, t));
    }
  }

  std::int64_t debt(const State& state, Instant now) const {
    const Int t = clock_.ticks_at(now);
    const Int beyond = std::max<Int>(std::max(state.tat, t) - t - allowance_, 0);
    return saturate(ceil_div(Int128{beyond}, Int128{clock_.interval()}));
  }

  /// All of the capacity at the interval's beginning, and what comes back in it.
  std::optional<std::int64_t> bound(Duration interval) const {
    return saturate(capacity_ + Int128{interval.ns()} * rate_.units / rate_.per.ns());
  }

  const EmissionClock<Int>& clock() const { return clock_; }
  std::int64_t capacity() const { return capacity_; }
  bool refills() const { return rate_.units > 0; }

 private:
  /// Where debts stop: so far behind every run that a cost on top still fits (fits_int64_ticks()).
  static constexpr Int latest = std::numeric_limits<Int>::max() / 2;

  Duration time_for(Int debt) const {
    if (debt == 0) return {};
    return rate_.units == 0 ? Duration::max() : clock_.duration_at_least(debt);
  }

  EmissionClock<Int> clock_;
  Rate rate_;
  std::int64_t capacity_;
  Int allowance_;
};

/// Why ticks cannot hold a rate, or none.
inline std::optional<MakeProblem> rate_problem(std::string_view parameter, const Rate& rate) {
  constexpr std::uint64_t most_units = std::uint64_t{1} << 53;
  if (rate.units > most_units) {
    return MakeProblem{std::string(parameter), "must be of at most 9007199254740992 units"};
  }
  if (rate.per.ns() < 1 || rate.per > longest_window) {
    return MakeProblem{std::string(parameter), "must have a period from 1ns to 3660d"};
  }
  return std::nullopt;
}

/// The same, and a problem of a rate of 0, for algorithms that have no meaning without one.
inline std::optional<MakeProblem> positive_rate_problem(std::string_view parameter,
                                                        const Rate& rate) {
  if (rate.units > 0) return rate_problem(parameter, rate);
  return MakeProblem{std::string(parameter), "must be above 0 (use deny-all to admit nothing)"};
}

/// Whether a schedule needs 128-bit ticks, or was asked to use them.
inline bool needs_wide_ticks(const Rate& rate, std::int64_t capacity, const Environment& env) {
  return env.wide_ticks || !fits_int64_ticks(rate, env.horizon, capacity);
}

}  // namespace weir::limiter
