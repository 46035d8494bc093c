#pragma once

#include "limiter/first_hit_window.hpp"

namespace weir::limiter {

/// gubernator's TOKEN_BUCKET, which is a fixed window: it begins with whatever asks first, a look
/// or a request that is too large included.
class GubernatorToken : public FirstHitWindow {
 public:
  GubernatorToken(std::int64_t limit, std::int64_t duration_ms)
      : FirstHitWindow({.limit = limit,
                        .window_ticks = duration_ms,
                        .counts_denied = false,
                        // An item is expired only once its time has passed.
                        .afterlife_ticks = 1}) {}

  void charge(State& state, Instant now, Cost cost) const {
    if (!is_open(state, now)) begin(state, now);
    FirstHitWindow::charge(state, now, cost);
  }

  void charge_denied(State& state, Instant now, Cost) const {
    if (!is_open(state, now)) begin(state, now);
  }

  bool is_as_new(const State& state, Instant now) const { return !is_open(state, now); }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }

  /// The reset is an instant in whole milliseconds.
  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    const Int128 reset_after = Int128{end_tick(state, now)} * 1'000'000 - now.unix_ns();
    return {limit(), remaining(state, now),
            Duration::from_ns(saturate(std::max<Int128>(reset_after, 0)))};
  }
};

/// The catalogue entry of gubernator's token bucket.
struct GubernatorTokenEntry {
  using Limiter = GubernatorToken;

  static AlgorithmInfo info() {
    return {
        .id = "gubernator-token",
        .summary = "gubernator TOKEN_BUCKET: fixed windows from whatever asks first",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description = "hits per duration; 0 admits nothing"},
                       {.name = "duration",
                        .type = ParameterType::duration,
                        .description = "whole milliseconds",
                        .min = 1'000'000}},
        .rule =
            "now = Unix time in whole ms; a key has remaining and an expiry\n"
            "no item, or expiry < now:  remaining = limit; expiry = now + duration, even\n"
            "  for a request of 0 hits and for one of more than the limit\n"
            "admit c hits  if c <= remaining:  remaining -= c\n"
            "deny          otherwise; nothing is taken\n"
            "not modelled: DRAIN_OVER_LIMIT, RESET_REMAINING, Gregorian durations, hits\n"
            "  below 0, and what peers do with GLOBAL limits",
        .source = "algorithms.go, cache.go",
        .version = "31822443",
        .evidence = Evidence::read_in_source,
        .state_size = "16",
        .example = "limit=100 duration=1m",
        .advertises = "its reply: limit, remaining and reset_time, a Unix time in ms; no headers",
        .clock_granularity = Duration::from_ms(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Duration duration = p.duration("duration");
    if (auto problem =
            whole_units_problem("duration", duration, Duration::from_ms(1), "milliseconds")) {
      return tl::unexpected(*problem);
    }
    return GubernatorToken(p.count("limit"), duration.ns() / 1'000'000);
  }
};

}  // namespace weir::limiter
