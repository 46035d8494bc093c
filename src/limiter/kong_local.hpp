#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "core/int128.hpp"
#include "limiter/coarse_clock.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// Kong's rate-limiting plugin with policy "local": a counter per calendar window in UTC, which an
/// expiry of a fixed number of seconds after its first hit can end early.
class KongLocal {
 public:
  /// A calendar unit and the seconds for which Kong keeps a counter of it, and reckons its length.
  struct Period {
    enum class Unit { fixed, month, year } unit = Unit::fixed;
    std::int64_t expiration_s = 1;
  };

  struct State {
    std::int64_t first_hit_ms = 0;
    /// A key never seen has a usage of 0.
    std::int64_t usage = 0;
  };

  KongLocal(std::int64_t limit, Period period) : limit_(limit), period_(period) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || cost <= limit_ - usage_at(state, now), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    const std::int64_t used = usage_at(state, now);
    if (used == 0) state.first_hit_ms = ms_clock.ticks_at(now);
    state.usage = used + cost;
  }

  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > limit_) return std::nullopt;
    return end_of_counter(state);
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t used = usage_at(state, now);
    return {.limit = limit_,
            .remaining = limit_ - used,
            .reset_after = used == 0 ? Duration() : wait_until(end_of_counter(state), now)};
  }

  /// The limit for each counter that the interval can touch: one is begun by a new window, whose
  /// shortest length counts, or after the expiry of one that a longer window outlived.
  std::optional<std::int64_t> bound(Duration interval) const {
    const std::int64_t seconds = s_clock.most_ticks_in(interval);
    Int128 counters = 1 + ceil_div(seconds, shortest_window_s());
    if (period_.unit != Period::Unit::fixed) counters += ceil_div(seconds, period_.expiration_s);
    return saturate(counters * limit_);
  }

  /// The length that Kong reckons the window to have, less what has passed of it.
  std::optional<Duration> advertised_retry_after(const State&, Instant now, Cost) const {
    const std::int64_t now_s = s_clock.ticks_at(now);
    const std::int64_t left = period_.expiration_s - (now_s - window_of(now_s).start_s);
    return Duration::from_seconds(std::max<std::int64_t>(left, 1));
  }

 private:
  struct Window {
    std::int64_t start_s;
    std::int64_t end_s;
  };

  static constexpr CoarseClock s_clock = CoarseClock::seconds();
  static constexpr CoarseClock ms_clock = CoarseClock::milliseconds();

  Window window_of(std::int64_t unix_s) const {
    if (period_.unit == Period::Unit::fixed) {
      const std::int64_t start = floor_div(unix_s, period_.expiration_s) * period_.expiration_s;
      return {start, start + period_.expiration_s};
    }
    using std::chrono::days;
    using std::chrono::sys_days;
    const std::chrono::year_month_day day(sys_days(days(floor_div<std::int64_t>(unix_s, 86'400))));
    const bool by_month = period_.unit == Period::Unit::month;
    const std::chrono::year_month first =
        day.year() / (by_month ? day.month() : std::chrono::January);
    const std::chrono::year_month next =
        by_month ? first + std::chrono::months(1) : first + std::chrono::years(1);
    return {seconds_of(first), seconds_of(next)};
  }

  static std::int64_t seconds_of(std::chrono::year_month month) {
    return std::int64_t{std::chrono::sys_days(month / 1).time_since_epoch().count()} * 86'400;
  }

  /// The first ms that no longer counts on what the state counted.
  std::int64_t end_of_counter_ms(const State& state) const {
    const Window window = window_of(floor_div<std::int64_t>(state.first_hit_ms, 1000));
    // The shared dictionary still has an entry in the very millisecond at which it expires.
    return std::min(window.end_s * 1000, state.first_hit_ms + period_.expiration_s * 1000 + 1);
  }

  std::optional<Instant> end_of_counter(const State& state) const {
    return ms_clock.instant_of(end_of_counter_ms(state));
  }

  std::int64_t usage_at(const State& state, Instant now) const {
    if (state.usage == 0) return 0;
    return ms_clock.ticks_at(now) < end_of_counter_ms(state) ? state.usage : 0;
  }

  std::int64_t shortest_window_s() const {
    return period_.unit == Period::Unit::month ? 28 * 86'400 : period_.expiration_s;
  }

  std::int64_t limit_;
  Period period_;
};

/// The catalogue entry of Kong's rate-limiting plugin, policy "local".
struct KongLocalEntry {
  using Limiter = KongLocal;

  static AlgorithmInfo info() {
    return {
        .id = "kong-local",
        .summary = "Kong rate-limiting, policy local: fixed calendar windows in UTC",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description = "requests per period"},
                       {.name = "period",
                        .type = ParameterType::choice,
                        .description = "the plugin's setting that the limit stands in",
                        .choices = {"second", "minute", "hour", "day", "month", "year"}}},
        .rule =
            "window = the calendar's second, minute, ..., month or year in UTC that now is in\n"
            "usage  = what the window's counter has counted, or 0\n"
            "deny if limit - usage <= 0; nothing changes; otherwise usage += 1\n"
            "a counter also ends some ms after its first hit, if the window has not ended by "
            "then:\n"
            "  30 days for a month, 365 for a year, so that day 31 may begin from 0 again\n"
            "a cost of n (Kong's is always 1) is n requests, let in together or not at all\n"
            "Retry-After: max(1, length - seconds since the window began), where Kong takes every\n"
            "  month to have 30 days and every year 365\n"
            "not modelled: Kong counts a moment after it has let in, so that requests at the same\n"
            "  time can pass beyond the limit",
        .source = "kong/plugins/rate-limiting/handler.lua, policies/init.lua, expiration.lua",
        .version = "22246ef2",
        .evidence = Evidence::read_in_source,
        .state_size = "16",
        .example = "limit=100 period=minute",
        .clock_granularity = Duration::from_seconds(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    return KongLocal(p.count("limit"), period_of(p.choice("period")));
  }

 private:
  static KongLocal::Period period_of(const std::string& name) {
    using Unit = KongLocal::Period::Unit;
    if (name == "second") return {Unit::fixed, 1};
    if (name == "minute") return {Unit::fixed, 60};
    if (name == "hour") return {Unit::fixed, 3'600};
    if (name == "day") return {Unit::fixed, 86'400};
    if (name == "month") return {Unit::month, 30 * 86'400};
    return {Unit::year, 365 * 86'400};
  }
};

}  // namespace weir::limiter
