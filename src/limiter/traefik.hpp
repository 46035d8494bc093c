#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "limiter/coarse_clock.hpp"
#include "limiter/first_true.hpp"
#include "limiter/go_seconds.hpp"
#include "limiter/go_x_time_rate.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// Traefik's RateLimit middleware in memory: Go's x/time/rate, which a request may also enter
/// early, held back until its token has come; a bucket left alone for a while is forgotten.
class Traefik {
 public:
  using State = GoXTimeRate::State;

  Traefik(double per_second, std::int64_t burst)
      : bucket_(per_second, burst),
        rate_(per_second),
        burst_(burst),
        most_delay_ns_(most_delay(per_second)),
        life_s_(life(per_second)) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    if (cost == 0) return {};
    const std::int64_t wait = wait_ns(state, now, cost);
    if (cost > burst_ || wait > most_delay_ns_) return {.allowed = false, .delay = {}};
    return {.allowed = true, .delay = Duration::from_ns(wait)};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state = {.tokens = tokens_at(state, now) - static_cast<double>(cost), .last_ns = now.unix_ns()};
  }

  /// A denied request takes its token and gives it back, which keeps the bucket from being
  /// forgotten.
  void charge_denied(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    const double given_back = tokens_at(state, now) - 1.0 + 1.0;
    state = {.tokens = std::min(static_cast<double>(burst_), given_back), .last_ns = now.unix_ns()};
  }

  /// A key's past matters although its whole allowance is back.
  bool is_as_new(const State&, Instant) const { return false; }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (cost > burst_) return std::nullopt;
    if (check(state, now, cost).allowed) return now;
    const auto admitted = [&](std::int64_t unix_ns) {
      return check(state, Instant::from_unix_ns(unix_ns), cost).allowed;
    };
    constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
    if (!admitted(last)) return std::nullopt;
    const std::int64_t in = std::max<std::int64_t>(wait_ns(state, now, cost) - most_delay_ns_, 0);
    const std::int64_t guess = saturate(Int128{now.unix_ns()} + in);
    return Instant::from_unix_ns(first_true(now.unix_ns(), last, guess, admitted));
  }

  Quota quota(const State& state, Instant now) const {
    const auto denied = [&](Cost cost) { return !check(state, now, cost).allowed; };
    const Cost whole = std::clamp<Cost>(saturated_floor(tokens_at(state, now)), 0, burst_);
    return {.limit = burst_,
            .remaining = first_true(whole, burst_ + 1, whole + 1, denied) - 1,
            .reset_after = wait_until(earliest(state, now, burst_), now)};
  }

  /// The burst, at the beginning and each time that the bucket is forgotten, what flows in, and
  /// what comes early; each admission can win some bits of the burst by rounding.
  std::optional<std::int64_t> bound(Duration interval) const {
    const double fillings = 1.0 + static_cast<double>(clock.most_ticks_in(interval) / life_s_);
    const double full = static_cast<double>(burst_);
    const double early = rate_ * (go_seconds(most_delay_ns_) + 1e-9);
    const double slip = 0x1p-50 * (full + 1.0);
    const double exact = fillings * (full + early) + rate_ * go_seconds(interval.ns());
    return saturated_floor((exact * (1.0 + 0x1p-49) + slip) / (1.0 - slip));
  }

  /// How long it is until the request's token comes, rounded up to whole seconds, although it would
  /// be let in a little earlier; nothing beside the answer to a cost above the burst.
  std::optional<Duration> advertised_retry_after(const State& state, Instant now, Cost cost) const {
    if (cost == 0 || cost > burst_) return std::nullopt;
    return go_ceil_seconds(Duration::from_ns(wait_ns(state, now, cost)));
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

 private:
  static constexpr CoarseClock clock = CoarseClock::seconds();

  /// Half the time that a token takes, where there is more than one a second.
  static std::int64_t most_delay(double per_second) {
    if (per_second < 1.0) return 500'000'000;
    return 500'000'000 / saturated_floor(per_second);
  }

  static std::int64_t life(double per_second) {
    if (per_second >= 1.0) return 2;
    return 1 + saturated_floor(1.0 / per_second);
  }

  /// The map of buckets counts whole seconds.
  bool forgotten(const State& state, Instant now) const {
    if (state.last_ns == GoXTimeRate::never) return true;
    const std::int64_t last_s = clock.ticks_at(Instant::from_unix_ns(state.last_ns));
    return clock.ticks_at(now) >= last_s + life_s_;
  }

  double tokens_at(const State& state, Instant now) const {
    if (forgotten(state, now)) return static_cast<double>(burst_);
    return bucket_.tokens_at(state, now);
  }

  std::int64_t wait_ns(const State& state, Instant now, Cost cost) const {
    const double left = tokens_at(state, now) - static_cast<double>(cost);
    return left < 0.0 ? bucket_.wait_ns(-left) : 0;
  }

  GoXTimeRate bucket_;
  double rate_;
  Cost burst_;
  std::int64_t most_delay_ns_;
  std::int64_t life_s_;
};

/// The catalogue entry of Traefik's RateLimit.
struct TraefikEntry {
  using Limiter = Traefik;

  static AlgorithmInfo info() {
    return {
        .id = "traefik",
        .summary = "Traefik RateLimit: Go's x/time/rate, delaying for up to half a token's time",
        .parameters = {{.name = "average",
                        .type = ParameterType::count,
                        .description = "requests per period, above 0 (0 is no limit to Traefik: "
                                       "unlimited)",
                        .min = 1,
                        .max = 9'223'372'036},
                       {.name = "period",
                        .type = ParameterType::duration,
                        .description = "what average is counted over",
                        .default_value = "1s",
                        .min = 1},
                       {.name = "burst",
                        .type = ParameterType::count,
                        .description = "what the bucket holds, and starts with",
                        .default_value = "1",
                        .min = 1,
                        .max = std::int64_t{1} << 48}},
        .rule =
            "rate = average / period; tokens and wait as in go-x-time-rate, all in float64\n"
            "most = 500 ms if rate < 1/s, else 1 s / (2 floor(rate)), cut to whole ns\n"
            "admit  if wait <= most, held back for wait:  tokens are stored\n"
            "deny   otherwise: the token is given back\n"
            "a bucket is forgotten, and then full, once ttl whole seconds of Unix time have\n"
            "begun since its last request, denied or not:\n"
            "ttl = 2 if rate >= 1/s, else 1 + floor(1 / rate)\n"
            "a cost of n (Traefik's is always 1) is n requests, let in together or not at all\n"
            "not modelled: over 65536 sources; Traefik with Redis, which has another rule",
        .source =
            "pkg/middlewares/ratelimiter/in_memory_limiter.go, rate_limiter.go; "
            "golang.org/x/time/rate",
        .version = "fd5a576d",
        .evidence = Evidence::read_in_source,
        .state_size = "16",
        .example = "average=5 burst=20",
        .advertises =
            "Retry-After on 429: until the token comes, rounded up to whole seconds, though the "
            "request would be let in half a token's time earlier; X-Retry-In, the same in Go's "
            "notation, is not modelled",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const double per_second = static_cast<double>(p.count("average") * 1'000'000'000) /
                              static_cast<double>(p.duration("period").ns());
    return Traefik(per_second, p.count("burst"));
  }
};

}  // namespace weir::limiter
