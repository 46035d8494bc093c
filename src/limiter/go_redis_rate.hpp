#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "limiter/coarse_clock.hpp"
#include "limiter/first_true.hpp"
#include "limiter/go_seconds.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// go-redis/redis_rate, AllowN: GCRA in the doubles of a Lua script, on Redis's clock of whole
/// microseconds, in seconds since 2017-01-01.
class GoRedisRate {
 public:
  struct State {
    /// The theoretical arrival time; long past for a key never seen.
    double tat = -std::numeric_limits<double>::infinity();
  };

  GoRedisRate(const Rate& rate, std::int64_t burst)
      : emission_(go_seconds(rate.per.ns()) / static_cast<double>(rate.units)),
        burst_(burst),
        burst_offset_(emission_ * static_cast<double>(burst)) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed =
                cost == 0 || (cost <= burst_ && spare_at(state, clock.ticks_at(now), cost) >= 0.0),
            .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost > 0) state.tat = tat_with(state, seconds_at(clock.ticks_at(now)), cost);
  }
  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > burst_) return std::nullopt;
    const auto admitted = [&](std::int64_t us) { return spare_at(state, us, cost) >= 0.0; };
    const std::int64_t from = clock.ticks_at(now);
    const std::int64_t last = std::min(tick_after(state.tat), clock.ticks_at(Instant::max()));
    if (last < from || !admitted(last)) return std::nullopt;
    const double wait = -spare_at(state, from, cost);
    const std::int64_t guess = saturate(Int128{from} + saturated_floor(wait * 1e6));
    return clock.instant_of(first_true(from, last, guess, admitted));
  }

  Quota quota(const State& state, Instant now) const {
    const auto denied = [&](Cost cost) { return !check(state, now, cost).allowed; };
    const double left = spare_at(state, clock.ticks_at(now), 0) / emission_;
    const Cost whole = std::clamp<Cost>(saturated_floor(left), 0, burst_);
    return {.limit = burst_,
            .remaining = first_true(Cost{1}, burst_ + 1, whole + 1, denied) - 1,
            .reset_after = wait_until(earliest(state, now, burst_), now)};
  }

  /// The burst and what the interval brings, were it not for rounding, which can win some bits of
  /// a time at each admission. None where an emission interval is no more than these.
  std::optional<std::int64_t> bound(Duration interval) const {
    // Half a unit in the last place of times below 2^32 s, a few times over.
    const double slip = 0x1p-19 / emission_;
    if (slip > 0.25) return std::nullopt;
    const auto us = static_cast<double>(clock.most_ticks_in(interval));
    const double exact = static_cast<double>(burst_) + us / 1e6 / emission_;
    return saturated_floor(exact * (1.0 + 0x1p-40) / (1.0 - slip));
  }

  /// The exact wait as far as 14 digits go.
  std::optional<Duration> advertised_retry_after(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return std::nullopt;
    return as_replied(-spare_at(state, clock.ticks_at(now), cost));
  }

  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    const std::int64_t us = clock.ticks_at(now);
    const double left = spare_at(state, us, 0) / emission_;
    const double until_all = std::max(state.tat, seconds_at(us)) - seconds_at(us);
    return {burst_, std::max<std::int64_t>(saturated_floor(left), 0), as_replied(until_all)};
  }

 private:
  static constexpr CoarseClock clock = CoarseClock::microseconds();
  static constexpr std::int64_t epoch_s = 1'483'228'800;

  static double seconds_at(std::int64_t us) {
    const std::int64_t whole = floor_div<std::int64_t>(us, 1'000'000);
    return static_cast<double>(whole - epoch_s) + static_cast<double>(us - whole * 1'000'000) / 1e6;
  }

  /// A tick, and not much more than the first one, that is not before `s`.
  static std::int64_t tick_after(double s) {
    return saturate(Int128{saturated_floor(s * 1e6)} + epoch_s * 1'000'000 + 4);
  }

  double tat_with(const State& state, double now, Cost cost) const {
    return std::max(state.tat, now) + emission_ * static_cast<double>(cost);
  }

  /// How much earlier the request could have come, in seconds.
  double spare_at(const State& state, std::int64_t us, Cost cost) const {
    const double now = seconds_at(us);
    const double allow_at = tat_with(state, now, cost) - burst_offset_;
    return now - allow_at;
  }

  /// Lua's tostring() shows 14 digits; Go reads them and cuts them to whole nanoseconds.
  static Duration as_replied(double s) {
    const std::string text = fmt::format("{:.14g}", s);
    return Duration::from_ns(saturated_floor(std::trunc(std::strtod(text.c_str(), nullptr) * 1e9)));
  }

  double emission_;
  Cost burst_;
  double burst_offset_;
};

/// The catalogue entry of go-redis/redis_rate.
struct GoRedisRateEntry {
  using Limiter = GoRedisRate;

  static AlgorithmInfo info() {
    return {
        .id = "go-redis-rate",
        .summary = "go-redis/redis_rate, AllowN: GCRA in double seconds on Redis's clock",
        .parameters = {{.name = "rate",
                        .type = ParameterType::rate,
                        .description = "Rate and Period of the Limit; above 0"},
                       {.name = "burst",
                        .type = ParameterType::count,
                        .description = "Burst: how many back to back; PerSecond(n) sets n",
                        .min = 1,
                        .max = std::numeric_limits<std::int32_t>::max()}},
        .rule =
            "now = (s - 1483228800) + us / 1000000, all numbers in double precision\n"
            "T = period / rate; TAT' = max(TAT, now) + T c\n"
            "left = (now - (TAT' - T burst)) / T\n"
            "deny   if left < 0; nothing changes\n"
            "admit  otherwise: TAT = TAT'; a cost of 0 only looks\n"
            "so rounding can deny the last of a burst for a microsecond\n"
            "where T is not far above 0.1 us the script lets in more than the burst; here,\n"
            "a cost above the burst is always denied",
        .source = "lua.go, rate.go",
        .version = "8eadf45e",
        .evidence = Evidence::read_in_source,
        .state_size = "8",
        .example = "rate=5/s burst=20",
        .advertises =
            "no headers of its own; to its caller the burst, what is left (0 with a denial), the "
            "exact wait and the time until all is back, in seconds with 14 digits",
        .clock_granularity = Duration::from_us(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Rate rate = p.rate("rate");
    if (rate.units == 0) return tl::unexpected(MakeProblem{"rate", "must be above 0"});
    return GoRedisRate(rate, p.count("burst"));
  }
};

}  // namespace weir::limiter
