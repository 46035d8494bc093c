#pragma once

#include <algorithm>
#include <limits>

#include "limiter/coarse_clock.hpp"
#include "limiter/first_true.hpp"
#include "limiter/go_seconds.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// The token bucket that Stripe published: a Lua script in doubles on a clock of whole seconds.
class Stripe {
 public:
  struct State {
    double tokens = 0.0;
    /// Unix seconds of the last request; a key never seen has a full bucket.
    std::int64_t last_s = std::numeric_limits<std::int64_t>::min();
  };

  Stripe(double per_second, std::int64_t capacity) : rate_(per_second), capacity_(capacity) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = filled(state, clock.ticks_at(now)) >= static_cast<double>(cost),
            .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    const std::int64_t now_s = clock.ticks_at(now);
    state = {.tokens = filled(state, now_s) - static_cast<double>(cost), .last_s = now_s};
  }

  /// What has flown in is stored with a denial too.
  void charge_denied(State& state, Instant now, Cost) const { charge(state, now, 0); }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (cost > capacity_) return std::nullopt;
    if (check(state, now, cost).allowed) return now;
    const auto admitted = [&](std::int64_t s) {
      return filled(state, s) >= static_cast<double>(cost);
    };
    const std::int64_t from = clock.ticks_at(now);
    const std::int64_t last = clock.ticks_at(Instant::max());
    if (!admitted(last)) return std::nullopt;
    const std::int64_t in = saturated_floor((static_cast<double>(cost) - state.tokens) / rate_);
    return clock.instant_of(first_true(from, last, saturate(Int128{state.last_s} + in), admitted));
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t whole = saturated_floor(filled(state, clock.ticks_at(now)));
    return {.limit = capacity_,
            .remaining = std::max<std::int64_t>(whole, 0),
            .reset_after = wait_until(earliest(state, now, capacity_), now)};
  }

  /// The capacity and what flows in in the seconds that can begin meanwhile; each admission can win
  /// some bits by rounding.
  std::optional<std::int64_t> bound(Duration interval) const {
    const double slip = 0x1p-50 * (static_cast<double>(capacity_) + 1.0);
    if (slip > 0.25) return std::nullopt;
    const auto s = static_cast<double>(clock.most_ticks_in(interval));
    const double exact = static_cast<double>(capacity_) + s * rate_;
    return saturated_floor((exact * (1.0 + 0x1p-49) + slip) / (1.0 - slip));
  }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

 private:
  static constexpr CoarseClock clock = CoarseClock::seconds();

  double filled(const State& state, std::int64_t now_s) const {
    const auto full = static_cast<double>(capacity_);
    if (state.last_s == std::numeric_limits<std::int64_t>::min()) return full;
    const auto delta = static_cast<double>(std::max<std::int64_t>(now_s - state.last_s, 0));
    return std::min(full, state.tokens + delta * rate_);
  }

  double rate_;
  Cost capacity_;
};

/// The catalogue entry of Stripe's published limiter.
struct StripeEntry {
  using Limiter = Stripe;

  static AlgorithmInfo info() {
    return {
        .id = "stripe",
        .summary = "Stripe's published request limiter: a token bucket in whole seconds on Redis",
        .parameters = {{.name = "rate",
                        .type = ParameterType::rate,
                        .description = "tokens that flow in; the script's replenish rate, per "
                                       "second, above 0"},
                       {.name = "capacity",
                        .type = ParameterType::count,
                        .description = "what the bucket holds, and starts with",
                        .min = 1}},
        .rule =
            "now = Unix time in whole s; all numbers in double precision\n"
            "tokens = min(capacity, tokens + max(0, now - last) rate), last = now,\n"
            "         denied or not\n"
            "admit cost c  if tokens >= c:  tokens -= c\n"
            "deny          otherwise\n"
            "Redis keeps a key for floor(2 capacity / rate) s, by when it is full again",
        .source = "Scaling your API with rate limiters (stripe.com/blog/rate-limiters), gist",
        .version = "2017",
        .evidence = Evidence::read_in_source,
        .state_size = "16",
        .example = "rate=5/s capacity=20",
        .advertises = "nothing",
        .clock_granularity = Duration::from_seconds(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Rate rate = p.rate("rate");
    if (rate.units == 0) return tl::unexpected(MakeProblem{"rate", "must be above 0"});
    const double per_second = static_cast<double>(rate.units) / go_seconds(rate.per.ns());
    if (static_cast<double>(p.count("capacity")) / per_second * 2.0 < 1.0) {
      return tl::unexpected(MakeProblem{
          "capacity",
          "must be at least half a second's worth: the script asks Redis to keep the key for "
          "floor(2 capacity / rate) seconds, and Redis refuses 0"});
    }
    return Stripe(per_second, p.count("capacity"));
  }
};

}  // namespace weir::limiter
