#pragma once

#include "limiter/first_hit_window.hpp"

namespace weir::limiter {

/// Kuadrant's limitador: windows from a key's first admitted request in whole microseconds.
class Limitador : public FirstHitWindow {
 public:
  /// `headers` is whether answers carry X-RateLimit headers.
  Limitador(std::int64_t max_value, std::int64_t window_us, bool headers)
      : FirstHitWindow({.limit = max_value,
                        .window_ticks = window_us,
                        .clock = CoarseClock::microseconds(),
                        .counts_denied = false}),
        headers_(headers) {}

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }

  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    if (!headers_) return {};
    return {limit(), remaining(state, now),
            Duration::from_seconds(ticks_left(state, now) / 1'000'000)};
  }

 private:
  bool headers_;
};

/// The catalogue entry of limitador.
struct LimitadorEntry {
  using Limiter = Limitador;

  static AlgorithmInfo info() {
    return {
        .id = "limitador",
        .summary = "limitador: fixed windows from a key's first admitted request",
        .parameters = {{.name = "max_value",
                        .type = ParameterType::count,
                        .description = "how much is admitted in a window; 0 admits nothing"},
                       {.name = "seconds",
                        .type = ParameterType::duration,
                        .description = "the window, in whole seconds",
                        .min = 1'000'000'000},
                       {.name = "rate_limit_headers",
                        .type = ParameterType::choice,
                        .description = "whether every answer says what is left",
                        .default_value = "none",
                        .choices = {"none", "draft-version-03"}}},
        .rule =
            "now = Unix time in whole us; a key has a value and an expiry\n"
            "value = 0 if expiry <= now\n"
            "admit cost c  if value + c <= max_value:  value += c, and\n"
            "              expiry = now + seconds if expiry <= now\n"
            "deny          otherwise; nothing changes\n"
            "not modelled: that Envoy's interface takes a hits_addend of 0 for 1, and what\n"
            "  a cached or replicated store lets pass",
        .source = "limitador/src/storage/atomic_expiring_value.rs, in_memory.rs",
        .version = "2981b2bd, in-memory store",
        .evidence = Evidence::read_in_source,
        .state_size = "16",
        .example = "max_value=100 seconds=60s",
        .advertises =
            "nothing; with rate_limit_headers=draft-version-03 X-RateLimit-Limit, "
            "X-RateLimit-Remaining and X-RateLimit-Reset in seconds from now, rounded down",
        .clock_granularity = Duration::from_us(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Duration window = p.duration("seconds");
    if (auto problem =
            whole_units_problem("seconds", window, Duration::from_seconds(1), "seconds")) {
      return tl::unexpected(*problem);
    }
    return Limitador(p.count("max_value"), window.ns() / 1000,
                     p.choice("rate_limit_headers") != "none");
  }
};

}  // namespace weir::limiter
