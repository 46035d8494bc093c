#pragma once

#include <algorithm>
#include <limits>

#include "limiter/coarse_clock.hpp"
#include "limiter/first_true.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// gubernator's LEAKY_BUCKET: what is left in float64, of which only whole requests count, on a
/// clock of whole milliseconds.
class GubernatorLeaky {
 public:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();

  struct State {
    double remaining = 0.0;
    std::int64_t updated_ms = 0;
    /// The last ms at which the key is still known.
    std::int64_t expires_ms = never;
  };

  /// Both above 0.
  GubernatorLeaky(std::int64_t limit, std::int64_t duration_ms)
      : limit_(limit),
        duration_ms_(duration_ms),
        rate_(static_cast<double>(duration_ms) / static_cast<double>(limit)) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || cost <= whole(leaked(state, clock.ticks_at(now))), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    state = touched(state, clock.ticks_at(now), cost);
    // Who takes all whole ones takes the fraction too, even who takes 0 of 0.
    state.remaining = cost == whole(state) ? 0.0 : state.remaining - static_cast<double>(cost);
  }

  /// The key lives on; a new one that asks for more than the limit begins with nothing.
  void charge_denied(State& state, Instant now, Cost cost) const {
    const std::int64_t now_ms = clock.ticks_at(now);
    const bool is_new = expired(state, now_ms);
    state = touched(state, now_ms, cost);
    if (is_new && cost > limit_) state.remaining = 0.0;
  }

  /// A key's past matters although its whole allowance is back.
  bool is_as_new(const State&, Instant) const { return false; }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > limit_) return std::nullopt;
    const auto admitted = [&](std::int64_t ms) { return cost <= whole(leaked(state, ms)); };
    const double lacking = static_cast<double>(cost) - state.remaining;
    const std::int64_t guess =
        saturate(Int128{state.updated_ms} + saturated_floor(lacking * rate_));
    // An expired key is new and full.
    return clock.instant_of(first_true(clock.ticks_at(now), state.expires_ms + 1, guess, admitted));
  }

  Quota quota(const State& state, Instant now) const {
    return {.limit = limit_,
            .remaining = whole(leaked(state, clock.ticks_at(now))),
            .reset_after = wait_until(earliest(state, now, limit_), now)};
  }

  /// The limit, and once time passes what leaks and a fraction that was above the limit.
  std::optional<std::int64_t> bound(Duration interval) const {
    const std::int64_t ms = clock.most_ticks_in(interval);
    if (ms == 0) return limit_;
    const double slip = 0x1p-50 * (static_cast<double>(limit_) + 1.0);
    if (slip > 0.25) return std::nullopt;
    const double exact = static_cast<double>(limit_) + static_cast<double>(ms) / rate_;
    return saturate(Int128{1} + saturated_floor(exact * (1.0 + 0x1p-40) / (1.0 - slip)));
  }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }

  /// reset_time: now in ms and the cut time of one request for each that is not left.
  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    const std::int64_t now_ms = clock.ticks_at(now);
    const std::int64_t left = whole(leaked(state, now_ms));
    const Int128 reset_ms = now_ms + Int128{limit_ - left} * saturated_floor(rate_);
    const Int128 from_now = reset_ms * 1'000'000 - now.unix_ns();
    return {limit_, left, Duration::from_ns(saturate(std::max<Int128>(from_now, 0)))};
  }

 private:
  static constexpr CoarseClock clock = CoarseClock::milliseconds();

  static std::int64_t whole(const State& state) { return saturated_floor(state.remaining); }

  static bool expired(const State& state, std::int64_t now_ms) { return state.expires_ms < now_ms; }

  /// The state as a request finds it.
  State leaked(const State& state, std::int64_t now_ms) const {
    State next = state;
    if (expired(state, now_ms)) {
      next.remaining = static_cast<double>(limit_);
      next.updated_ms = now_ms;
      return next;
    }
    const double leak = static_cast<double>(now_ms - state.updated_ms) / rate_;
    if (leak >= 1.0) {
      next.remaining += leak;
      next.updated_ms = now_ms;
    }
    // A fraction above the limit stays.
    if (whole(next) > limit_) next.remaining = static_cast<double>(limit_);
    return next;
  }

  State touched(const State& state, std::int64_t now_ms, Cost cost) const {
    State next = leaked(state, now_ms);
    if (cost != 0 || expired(state, now_ms)) next.expires_ms = now_ms + duration_ms_;
    return next;
  }

  std::int64_t limit_;
  std::int64_t duration_ms_;
  /// Milliseconds for one request to leak.
  double rate_;
};

/// The catalogue entry of gubernator's leaky bucket.
struct GubernatorLeakyEntry {
  using Limiter = GubernatorLeaky;

  static AlgorithmInfo info() {
    return {
        .id = "gubernator-leaky",
        .summary = "gubernator LEAKY_BUCKET: float64 in ms, of which whole requests count",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description = "hits per duration, and the burst",
                        .min = 1},
                       {.name = "duration",
                        .type = ParameterType::duration,
                        .description = "in whole milliseconds",
                        .min = 1'000'000}},
        .rule =
            "now = Unix time in whole ms; rate = duration / limit, in ms and float64\n"
            "new key, or now > expires:  left = limit, updated = now\n"
            "else  leak = (now - updated) / rate\n"
            "      if leak >= 1:            left += leak, updated = now\n"
            "      if floor(left) > limit:  left = limit\n"
            "expires = now + duration, denied or not\n"
            "deny   if c > floor(left); a new key that asks for more than the limit is left 0\n"
            "admit  if c = floor(left): left = 0;  if c < floor(left): left -= c\n"
            "a cost of 0 is let in; it takes the fraction if less than 1 is left, and the\n"
            "key does not live on for it\n"
            "not modelled: Gregorian durations, DRAIN_OVER_LIMIT, other nodes, a full cache",
        .source = "algorithms.go, cache.go",
        .version = "31822443",
        .evidence = Evidence::checked_against_program,
        .state_size = "24",
        .example = "limit=20 duration=4s",
        .advertises =
            "no headers of its own; to its caller limit, remaining (whole ones) and reset_time, "
            "in ms of Unix time: now + (limit - remaining) floor(rate)",
        .clock_granularity = Duration::from_ms(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const std::int64_t ns = p.duration("duration").ns();
    if (ns % 1'000'000 != 0) {
      return tl::unexpected(MakeProblem{"duration", "must be a whole number of milliseconds"});
    }
    return GubernatorLeaky(p.count("limit"), ns / 1'000'000);
  }
};

}  // namespace weir::limiter
