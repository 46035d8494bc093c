#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/text.hpp"
#include "limiter/first_true.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// Envoy's local rate limit: a token bucket that fills continuously and remembers one number, the
/// second at which it would have been empty, in double precision. Seconds count from the
/// environment's start, as Envoy's count from the start of the machine.
class EnvoyLocal {
 public:
  struct State {
    /// A key never seen has a full bucket.
    double empty_at_s = -std::numeric_limits<double>::infinity();
  };

  struct Settings {
    std::int64_t max_tokens = 0;
    std::int64_t tokens_per_fill = 1;
    Duration fill_interval;
    /// Whether answers carry X-RateLimit headers.
    bool headers = false;
  };

  EnvoyLocal(const Settings& settings, const Environment& env)
      : max_tokens_(settings.max_tokens),
        max_(static_cast<double>(settings.max_tokens)),
        rate_(std::max(
            static_cast<double>(settings.tokens_per_fill) / in_seconds(settings.fill_interval),
            slowest)),
        headers_(settings.headers),
        start_(env.start),
        horizon_s_(in_seconds(env.horizon)) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost != 0 && tokens(state, now) >= static_cast<double>(cost), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    const double left = tokens(state, now) - static_cast<double>(cost);
    state.empty_at_s = seconds_at(now) - left / rate_;
  }

  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (cost == 0 || cost > max_tokens_) return std::nullopt;
    if (check(state, now, cost).allowed) return now;
    const auto admitted = [&](std::int64_t unix_ns) {
      return check(state, Instant::from_unix_ns(unix_ns), cost).allowed;
    };
    if (!admitted(last_ns())) return std::nullopt;
    const double guess_s = state.empty_at_s + static_cast<double>(cost) / rate_;
    const std::int64_t guess = saturate(Int128{start_.unix_ns()} + saturated_floor(guess_s * 1e9));
    return Instant::from_unix_ns(first_true(now.unix_ns(), last_ns(), guess, admitted));
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t left = saturated_floor(tokens(state, now));
    return {.limit = max_tokens_,
            .remaining = std::max<std::int64_t>(left, 0),
            .reset_after =
                max_tokens_ == 0 ? Duration() : wait_until(earliest(state, now, max_tokens_), now)};
  }

  /// max_tokens and what flows in, were it not for rounding: each admission can win `slip` tokens.
  /// None where a token is no more than the last bits of a time.
  std::optional<std::int64_t> bound(Duration interval) const {
    if (max_tokens_ == 0) return 0;
    // Each of the few operations of an admission is off by at most half a unit in the last place of
    // the largest number in it: the tokens, or the time, whose error weighs `rate_` tokens a
    // second.
    const double slip = 0x1p-51 * (4.0 * max_ + horizon_s_ * rate_);
    if (slip > 0.25) return std::nullopt;
    const double exact = max_ + rate_ * in_seconds(interval);
    return saturated_floor((exact * (1.0 + 0x1p-50) + 4.0 * slip) / (1.0 - 2.0 * slip));
  }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }

  /// The reset is what one token takes, counted in whole milliseconds, of which Envoy keeps the
  /// whole seconds: 0 wherever that is less than one.
  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    if (!headers_) return {};
    const std::int64_t left = std::max<std::int64_t>(saturated_floor(tokens(state, now)), 0);
    const double one_token_ms = std::ceil(1.0 / rate_ * 1000.0);
    const std::int64_t reset_s = left > 0 ? 0 : saturated_floor(one_token_ms) / 1000;
    return {max_tokens_, left, Duration::from_seconds(reset_s)};
  }

 private:
  /// One token a year.
  static constexpr double slowest = 1.0 / (365.0 * 86'400.0);

  static double in_seconds(Duration d) { return static_cast<double>(d.ns()) / 1e9; }
  double seconds_at(Instant at) const { return in_seconds(at - start_); }

  double tokens(const State& state, Instant now) const {
    return std::min(max_, (seconds_at(now) - state.empty_at_s) * rate_);
  }

  /// The last instant whose distance from the start a Duration holds.
  std::int64_t last_ns() const {
    return saturate(Int128{std::numeric_limits<std::int64_t>::max()} +
                    std::min<std::int64_t>(start_.unix_ns(), 0));
  }

  Cost max_tokens_;
  double max_;
  double rate_;
  bool headers_;
  Instant start_;
  double horizon_s_;
};

/// The catalogue entry of Envoy's local rate limit.
struct EnvoyLocalEntry {
  using Limiter = EnvoyLocal;

  static constexpr std::int64_t most_tokens = std::numeric_limits<std::uint32_t>::max();

  static AlgorithmInfo info() {
    return {
        .id = "envoy-local",
        .summary = "Envoy local rate limit: a continuously filled token bucket in double seconds",
        .parameters = {{.name = "max_tokens",
                        .type = ParameterType::count,
                        .description = "what the bucket holds, and starts with; 0 denies all",
                        .max = most_tokens},
                       {.name = "tokens_per_fill",
                        .type = ParameterType::count,
                        .description = "tokens that flow in during each fill_interval",
                        .default_value = "1",
                        .min = 1,
                        .max = most_tokens},
                       {.name = "fill_interval",
                        .type = ParameterType::duration,
                        .description = "whole milliseconds, at least 50ms",
                        .min = 50'000'000},
                       {.name = "enable_x_ratelimit_headers",
                        .type = ParameterType::choice,
                        .description = "whether every answer says what is left",
                        .default_value = "off",
                        .choices = {"off", "draft-version-03"}}},
        .rule =
            "rate = max(tokens_per_fill / fill_interval in s, 1 / one year of 365 days)\n"
            "now = seconds since the run began, and all numbers, in double precision\n"
            "a bucket is one number, t: when it would have been empty; it starts full\n"
            "total = min(max_tokens, (now - t) rate)\n"
            "admit cost c  if total >= c:  t = now - (total - c) / rate\n"
            "deny          otherwise; nothing changes\n"
            "a cost of 0 (hits_addend 0) is always denied: Envoy takes \"0 consumed\" for a "
            "denial\n"
            "no Retry-After",
        .source =
            "source/common/common/token_bucket_impl.cc (AtomicTokenBucketImpl), "
            "source/extensions/filters/common/local_ratelimit/local_ratelimit_impl.cc",
        .version = "since July 2024 (pull request 35207); before, tokens came by timer",
        .evidence = Evidence::read_in_source,
        .state_size = "8",
        .example = "max_tokens=20 tokens_per_fill=5 fill_interval=1s",
        .advertises =
            "nothing; with enable_x_ratelimit_headers=draft-version-03 X-RateLimit-Limit, "
            "X-RateLimit-Remaining (rounded down) and X-RateLimit-Reset: 0 if a token is left, "
            "else "
            "the seconds that one takes, rounded down (until a fix of June 2026, which rounds up)",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const Duration interval = p.duration("fill_interval");
    if (interval < Duration::from_ms(50)) {
      return tl::unexpected(
          MakeProblem{"fill_interval", "must be at least 50ms, got " + format_duration(interval)});
    }
    if (interval.ns() % 1'000'000 != 0) {
      return tl::unexpected(MakeProblem{"fill_interval", "must be a whole number of milliseconds"});
    }
    return EnvoyLocal({.max_tokens = p.count("max_tokens"),
                       .tokens_per_fill = p.count("tokens_per_fill"),
                       .fill_interval = interval,
                       .headers = p.choice("enable_x_ratelimit_headers") != "off"},
                      env);
  }
};

}  // namespace weir::limiter
