#pragma once

#include <algorithm>
#include <limits>

#include "limiter/first_true.hpp"
#include "limiter/go_seconds.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// Go's golang.org/x/time/rate, AllowN: a token bucket in float64, which lets in a request that
/// lacks less than what flows in within a nanosecond.
class GoXTimeRate {
 public:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();

  struct State {
    double tokens = 0.0;
    /// Unix time of the last admission; a key never seen has a full bucket.
    std::int64_t last_ns = never;
  };

  /// A rate of 0 gives the burst once and nothing afterwards.
  GoXTimeRate(const Rate& rate, std::int64_t burst)
      : GoXTimeRate(static_cast<double>(rate.units) / go_seconds(rate.per.ns()), burst) {}
  GoXTimeRate(double per_second, std::int64_t burst)
      : limit_(per_second), burst_(burst), full_(static_cast<double>(burst)) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    const double left = tokens_at(state, now) - static_cast<double>(cost);
    return {.allowed = cost <= burst_ && (left >= 0.0 || wait_ns(-left) <= 0), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    state.tokens = tokens_at(state, now) - static_cast<double>(cost);
    state.last_ns = now.unix_ns();
  }

  void charge_denied(State&, Instant, Cost) const {}

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
    const double wait = (static_cast<double>(cost) - state.tokens) / limit_ * 1e9;
    const std::int64_t guess = saturate(Int128{state.last_ns} + saturated_floor(wait));
    return Instant::from_unix_ns(first_true(now.unix_ns(), last, guess, admitted));
  }

  Quota quota(const State& state, Instant now) const {
    const auto denied = [&](Cost cost) { return !check(state, now, cost).allowed; };
    const Cost whole = std::clamp<Cost>(saturated_floor(tokens_at(state, now)), 0, burst_);
    return {.limit = burst_,
            .remaining = first_true(whole, burst_ + 1, whole + 1, denied) - 1,
            .reset_after = wait_until(earliest(state, now, burst_), now)};
  }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

  /// The burst, what flows in, and the nanosecond's worth that may be lacking; each admission can
  /// win some bits of the burst by rounding.
  std::optional<std::int64_t> bound(Duration interval) const {
    const double slip = 0x1p-50 * (full_ + 1.0);
    const double exact = full_ + limit_ * (go_seconds(interval.ns()) + 1e-9);
    return saturated_floor((exact * (1.0 + 0x1p-49) + slip) / (1.0 - slip));
  }

  /// What the bucket holds then; below 0 where a request got in a little early.
  double tokens_at(const State& state, Instant now) const {
    if (state.last_ns == never) return full_;
    const std::int64_t elapsed = saturate(Int128{now.unix_ns()} - state.last_ns);
    const double flown_in = go_seconds(std::max<std::int64_t>(elapsed, 0)) * limit_;
    return std::min(full_, state.tokens + flown_in);
  }

  /// How long it takes until so many tokens have flown in, cut to whole nanoseconds.
  std::int64_t wait_ns(double tokens) const {
    if (limit_ <= 0.0) return std::numeric_limits<std::int64_t>::max();
    return saturated_floor(tokens / limit_ * 1e9);
  }

 private:
  double limit_;
  Cost burst_;
  double full_;
};

/// The catalogue entry of Go's x/time/rate.
struct GoXTimeRateEntry {
  using Limiter = GoXTimeRate;

  static AlgorithmInfo info() {
    return {
        .id = "go-x-time-rate",
        .summary = "Go x/time/rate, AllowN: a token bucket in float64",
        .parameters = {{.name = "rate",
                        .type = ParameterType::rate,
                        .description = "the Limit: tokens per second; at 0/s only the first burst "
                                       "passes, ever"},
                       {.name = "burst",
                        .type = ParameterType::count,
                        .description = "what the bucket holds, and starts with; 0 admits nothing",
                        .max = std::int64_t{1} << 48}},
        .rule =
            "limit = units / seconds of the rate's period; seconds(d) = whole seconds + rest / "
            "1e9\n"
            "tokens = min(burst, tokens + seconds(max(0, now - last)) limit) - n, all in float64\n"
            "wait = 0 if tokens >= 0, else -tokens / limit 1e9 cut to whole ns (limit 0: for "
            "ever)\n"
            "admit if n <= burst and wait = 0:  last = now, tokens are stored, even for n = 0\n"
            "deny  otherwise; nothing changes\n"
            "a clock that went back earns the same time twice, because last goes back with it\n"
            "as compiled for amd64, where Go does not fuse multiplication and addition",
        .source = "golang.org/x/time/rate/rate.go",
        .version = "2b4e4390; decisions are those of v0.3.0 too, unless a wait passes 292 years",
        .evidence = Evidence::checked_against_program,
        .state_size = "16",
        .example = "rate=5/s burst=20",
        .advertises = "nothing: AllowN answers true or false",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    return GoXTimeRate(p.rate("rate"), p.count("burst"));
  }
};

}  // namespace weir::limiter
