#pragma once

#include <algorithm>
#include <limits>

#include "core/int128.hpp"
#include "limiter/limiter.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// GCRA in whole nanoseconds, its emission interval cut to one: the rule of several products, which
/// differ in how they are set and in what they tell.
class IntegerGcra {
 public:
  struct State {
    /// Nanoseconds from the environment's start to the theoretical arrival time.
    std::int64_t tat_ns = std::numeric_limits<std::int64_t>::min();
  };

  /// limit times interval_ns, plus the furthest that an instant is from the start, is at most 2^62.
  IntegerGcra(std::int64_t interval_ns, std::int64_t limit, Instant start)
      : interval_(interval_ns), limit_(limit), tolerance_(interval_ns * limit), start_(start) {}

  static bool fits(std::int64_t interval_ns, std::int64_t limit, const Environment& env) {
    constexpr Int128 most = std::int64_t{1} << 62;
    return Int128{interval_ns} * limit + env.horizon.ns() <= most;
  }

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost <= limit_ && spare_ns(state, now, cost) >= 0, .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state.tat_ns = std::max(state.tat_ns, since_start(now)) + interval_ * cost;
  }

  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (cost > limit_) return std::nullopt;
    const std::int64_t spare = spare_ns(state, now, cost);
    if (spare >= 0) return now;
    const Int128 at = Int128{now.unix_ns()} - spare;
    if (at > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return Instant::from_unix_ns(static_cast<std::int64_t>(at));
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t debt = debt_ns(state, now);
    return {.limit = limit_,
            .remaining = std::max<std::int64_t>(tolerance_ - debt, 0) / interval_,
            .reset_after = Duration::from_ns(debt)};
  }

  std::optional<std::int64_t> bound(Duration interval) const {
    return saturate(Int128{limit_} + interval.ns() / interval_);
  }

 protected:
  std::int64_t since_start(Instant now) const { return (now - start_).ns(); }

  /// How much earlier the request could have come; negative: how much it is too early.
  std::int64_t spare_ns(const State& state, Instant now, Cost cost) const {
    const std::int64_t t = since_start(now);
    return (t - std::max(state.tat_ns, t)) + (tolerance_ - interval_ * cost);
  }

  /// How far the theoretical arrival time lies ahead.
  std::int64_t debt_ns(const State& state, Instant now) const {
    return std::max(state.tat_ns, since_start(now)) - since_start(now);
  }

  std::int64_t tolerance() const { return tolerance_; }
  std::int64_t interval() const { return interval_; }
  Cost limit() const { return limit_; }

 private:
  std::int64_t interval_;
  Cost limit_;
  std::int64_t tolerance_;
  Instant start_;
};

}  // namespace weir::limiter
