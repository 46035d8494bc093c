#pragma once

#include <algorithm>
#include <limits>

#include "core/int128.hpp"
#include "limiter/go_seconds.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// Guava's SmoothBursty: stored permits cost no time, and up to a second's worth are stored.
class GuavaBurstyRule {
 public:
  explicit GuavaBurstyRule(double per_second)
      : stable_us_(1e6 / per_second), most_permits_(per_second) {}

  static constexpr double initial_permits() { return 0.0; }
  double most_permits() const { return most_permits_; }
  double stable_us() const { return stable_us_; }
  double cool_down_us() const { return stable_us_; }
  std::int64_t stored_wait_us(double, double) const { return 0; }

  /// Each admission pushes the next one away by what it lacks in stored permits, cut to whole
  /// microseconds: in each one less than 1 can be won.
  std::optional<std::int64_t> bound(std::int64_t us) const {
    const double slip = 1.0 / stable_us_ + 0x1p-50 * (most_permits_ + 2.0);
    if (slip > 0.25) return std::nullopt;
    const double exact = most_permits_ + 1.0 + static_cast<double>(us) / stable_us_;
    return saturated_floor(exact * (1.0 + 0x1p-40) / (1.0 - slip));
  }

 private:
  double stable_us_;
  double most_permits_;
};

/// Guava's SmoothWarmingUp with a cold factor of 3: the more is stored, the colder it is, and the
/// more time each permit costs.
class GuavaWarmingUpRule {
 public:
  GuavaWarmingUpRule(double per_second, std::int64_t warmup_us)
      : stable_us_(1e6 / per_second), warmup_us_(static_cast<double>(warmup_us)) {
    const double cold_us = stable_us_ * 3.0;
    threshold_ = 0.5 * warmup_us_ / stable_us_;
    most_permits_ = threshold_ + 2.0 * warmup_us_ / (stable_us_ + cold_us);
    slope_ = (cold_us - stable_us_) / (most_permits_ - threshold_);
  }

  double initial_permits() const { return most_permits_; }
  double most_permits() const { return most_permits_; }
  double stable_us() const { return stable_us_; }
  double cool_down_us() const { return warmup_us_ / most_permits_; }

  std::int64_t stored_wait_us(double stored, double take) const {
    const double above = stored - threshold_;
    std::int64_t us = 0;
    if (above > 0.0) {
      const double take_above = std::min(above, take);
      const double length = time_at(above) + time_at(above - take_above);
      us = saturated_floor(take_above * length / 2.0);
      take -= take_above;
    }
    return saturate(Int128{us} + saturated_floor(stable_us_ * take));
  }

  /// Each admission pushes the next one away by a stable interval at least, of which three cuts to
  /// whole microseconds can take away 3.
  std::optional<std::int64_t> bound(std::int64_t us) const {
    const std::int64_t apart = saturated_floor(stable_us_ * (1.0 - 0x1p-40)) - 3;
    if (apart < 1) return std::nullopt;
    return saturate(Int128{1} + us / apart);
  }

 private:
  double time_at(double above) const { return stable_us_ + above * slope_; }

  double stable_us_;
  double warmup_us_;
  double threshold_ = 0.0;
  double most_permits_ = 0.0;
  double slope_ = 0.0;
};

/// Guava's RateLimiter, tryAcquire(n) without a time-out: a request of any size is let in if none
/// before it is still being paid for, and the next one pays for it.
template <class Rule>
class Guava {
 public:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();
  /// Guava counts permits in 32 bits.
  static constexpr Cost most = std::numeric_limits<std::int32_t>::max();

  struct State {
    double stored = 0.0;
    /// Microseconds since the environment's start.
    std::int64_t next_free_us = never;
  };

  Guava(const Rule& rule, Instant start) : rule_(rule), start_(start) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || (cost <= most && state.next_free_us <= ticks_at(now)),
            .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state = synced(state, ticks_at(now));
    const double take = std::min(static_cast<double>(cost), state.stored);
    const double fresh = static_cast<double>(cost) - take;
    const Int128 wait = Int128{rule_.stored_wait_us(state.stored, take)} +
                        saturated_floor(fresh * rule_.stable_us());
    state.next_free_us = saturate(state.next_free_us + Int128{saturate(wait)});
    state.stored -= take;
  }
  void charge_denied(State&, Instant, Cost) const {}

  /// A key's past matters although its whole allowance is back.
  bool is_as_new(const State&, Instant) const { return false; }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > most) return std::nullopt;
    const Int128 ns = Int128{state.next_free_us} * 1000 + start_.unix_ns();
    if (ns > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return Instant::from_unix_ns(static_cast<std::int64_t>(ns));
  }

  /// All that can be asked for, or nothing.
  Quota quota(const State& state, Instant now) const {
    return {.limit = most,
            .remaining = check(state, now, 1).allowed ? most : 0,
            .reset_after = wait_until(earliest(state, now, 1), now)};
  }

  std::optional<std::int64_t> bound(Duration interval) const {
    return rule_.bound(ceil_div<std::int64_t>(interval.ns(), 1000));
  }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

 private:
  std::int64_t ticks_at(Instant at) const {
    return floor_div<std::int64_t>((at - start_).ns(), 1000);
  }

  /// What has been stored by then. A key's RateLimiter is created with its first request.
  State synced(const State& state, std::int64_t now_us) const {
    if (state.next_free_us == never) {
      return {.stored = rule_.initial_permits(), .next_free_us = now_us};
    }
    if (now_us <= state.next_free_us) return state;
    const double idle_us = static_cast<double>(now_us - state.next_free_us);
    const double permits = state.stored + idle_us / rule_.cool_down_us();
    return {.stored = std::min(rule_.most_permits(), permits), .next_free_us = now_us};
  }

  Rule rule_;
  Instant start_;
};

inline constexpr std::string_view guava_advertises = "nothing: tryAcquire() answers true or false";

/// The rate as Guava takes it: permits per second.
inline double guava_permits_per_second(const Rate& rate) {
  return static_cast<double>(rate.units) / go_seconds(rate.per.ns());
}

}  // namespace weir::limiter
