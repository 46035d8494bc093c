#pragma once

#include <algorithm>
#include <limits>
#include <string>

#include "limiter/coarse_clock.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// The envoyproxy/ratelimit service: a counter per window of the Unix clock in whole seconds, which
/// counts denied requests too.
class EnvoyRatelimit {
 public:
  struct State {
    /// The window's number since the epoch; a key never seen has a count of 0.
    std::int64_t window = 0;
    std::int64_t count = 0;
  };

  /// `headers` is whether answers carry RateLimit headers.
  EnvoyRatelimit(std::int64_t limit, std::int64_t window_s, bool headers)
      : limit_(limit), window_s_(window_s), headers_(headers) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = after(state, window_at(now), cost) <= limit_, .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    const std::int64_t window = window_at(now);
    state = {.window = window, .count = after(state, window, cost)};
  }

  void charge_denied(State& state, Instant now, Cost cost) const { charge(state, now, cost); }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > limit_) return std::nullopt;
    return next_window(now);
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t count = after(state, window_at(now), 0);
    return {.limit = limit_,
            .remaining = std::max<std::int64_t>(limit_ - count, 0),
            .reset_after = count == 0 ? Duration() : wait_until(next_window(now), now)};
  }

  /// What is known only at the end of a stream is added then, as by Envoy AI Gateway.
  void settle(State& state, Instant charged_at, Instant now, Cost charged, Cost actual) const {
    const std::int64_t window = window_at(now);
    if (actual > charged) charge(state, now, actual - charged);
    if (actual >= charged || state.window != window || window_at(charged_at) != window) return;
    state.count = std::max<std::int64_t>(state.count - (charged - actual), 0);
  }

  std::int64_t debt(const State& state, Instant now) const {
    return std::max<std::int64_t>(after(state, window_at(now), 0) - limit_, 0);
  }

  /// The limit in every window that the interval touches; exact unless denied requests use it up.
  std::optional<std::int64_t> bound(Duration interval) const {
    return saturate(Int128{limit_} * (1 + ceil_div(clock.most_ticks_in(interval), window_s_)));
  }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }

  /// The reset is the whole seconds that the window has left on a clock of whole seconds.
  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    if (!headers_) return {};
    const std::int64_t window = window_at(now);
    const std::int64_t left_s = (window + 1) * window_s_ - clock.ticks_at(now);
    return {limit_, std::max<std::int64_t>(limit_ - after(state, window, 0), 0),
            Duration::from_seconds(left_s)};
  }

 private:
  static constexpr CoarseClock clock = CoarseClock::seconds();

  std::int64_t window_at(Instant now) const { return floor_div(clock.ticks_at(now), window_s_); }

  std::optional<Instant> next_window(Instant now) const {
    return clock.instant_of((window_at(now) + 1) * window_s_);
  }

  /// What the window has counted once a request of that cost has been, denied or not.
  static std::int64_t after(const State& state, std::int64_t window, Cost cost) {
    return saturate(Int128{state.window == window ? state.count : 0} + cost);
  }

  std::int64_t limit_;
  std::int64_t window_s_;
  bool headers_;
};

/// The catalogue entry of the envoyproxy/ratelimit service.
struct EnvoyRatelimitEntry {
  using Limiter = EnvoyRatelimit;

  static AlgorithmInfo info() {
    return {
        .id = "envoy-ratelimit",
        .summary = "envoyproxy/ratelimit service: fixed windows of Unix time, denied ones counted",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description = "requests_per_unit",
                        .max = std::numeric_limits<std::uint32_t>::max()},
                       {.name = "unit",
                        .type = ParameterType::choice,
                        .description =
                            "the window; a month has 30 days and a year 365, both counted "
                            "from 1970-01-01",
                        .choices = {"second", "minute", "hour", "day", "week", "month", "year"}},
                       {.name = "limit_response_headers_enabled",
                        .type = ParameterType::boolean,
                        .description = "whether every answer says what is left",
                        .default_value = "false"}},
        .rule =
            "now = Unix time in whole s; window = floor(now / unit)\n"
            "count = what this window has counted before; after = count + c\n"
            "deny if after > limit; count = after either way\n"
            "a cost of 0 only looks: denied if the window has counted more than the limit",
        .source =
            "src/redis/fixed_cache_impl.go, src/limiter/base_limiter.go, src/utils/utilities.go",
        .version =
            "f2fb1577, Redis backend, without local cache, near-limit options and shadow mode",
        .evidence = Evidence::read_in_source,
        .state_size = "16",
        .example = "limit=100 unit=minute",
        .advertises =
            "nothing; with limit_response_headers_enabled RateLimit-Limit, RateLimit-Remaining and "
            "RateLimit-Reset: unit - now mod unit in whole seconds",
        .clock_granularity = Duration::from_seconds(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    return EnvoyRatelimit(p.count("limit"), seconds_of(p.choice("unit")),
                          p.boolean("limit_response_headers_enabled"));
  }

 private:
  static std::int64_t seconds_of(const std::string& unit) {
    if (unit == "second") return 1;
    if (unit == "minute") return 60;
    if (unit == "hour") return 3'600;
    if (unit == "day") return 86'400;
    if (unit == "week") return 7 * 86'400;
    if (unit == "month") return 30 * 86'400;
    return 365 * 86'400;
  }
};

}  // namespace weir::limiter
