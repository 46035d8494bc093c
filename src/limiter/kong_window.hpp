#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/int128.hpp"
#include "limiter/coarse_clock.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// Kong's rate-limiting plugin: a counter per calendar window in UTC, which an expiry of a fixed
/// number of seconds after its first hit can end early.
class KongWindow {
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

  KongWindow(std::int64_t limit, Period period, bool counts_denied)
      : limit_(limit), period_(period), counts_denied_(counts_denied) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || cost <= limit_ - usage_at(state, now), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    const std::int64_t used = usage_at(state, now);
    if (used == 0) state.first_hit_ms = ms_clock.ticks_at(now);
    state.usage = saturate(Int128{used} + cost);
  }

  void charge_denied(State& state, Instant now, Cost cost) const {
    if (counts_denied_) charge(state, now, cost);
  }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > limit_) return std::nullopt;
    return end_of_counter(state);
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t used = usage_at(state, now);
    return {.limit = limit_,
            .remaining = std::max<std::int64_t>(limit_ - used, 0),
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

  std::optional<Duration> advertised_retry_after(const State&, Instant now, Cost) const {
    return advertised_reset(now);
  }

  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    return {limit_, std::max<std::int64_t>(limit_ - usage_at(state, now), 0),
            advertised_reset(now)};
  }

 private:
  struct Window {
    std::int64_t start_s;
    std::int64_t end_s;
  };

  static constexpr CoarseClock s_clock = CoarseClock::seconds();
  static constexpr CoarseClock ms_clock = CoarseClock::milliseconds();

  /// The length that Kong reckons the window to have, less what has passed of it.
  Duration advertised_reset(Instant now) const {
    const std::int64_t now_s = s_clock.ticks_at(now);
    const std::int64_t left = period_.expiration_s - (now_s - window_of(now_s).start_s);
    return Duration::from_seconds(std::max<std::int64_t>(left, 1));
  }

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
    // The shared dictionary and Redis still have an entry in the very millisecond of its expiry.
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
  bool counts_denied_;
};

/// What the plugin's entries have in common.
struct KongEntry {
  using Limiter = KongWindow;

  static std::vector<ParameterSpec> parameters() {
    return {{.name = "limit", .type = ParameterType::count, .description = "requests per period"},
            {.name = "period",
             .type = ParameterType::choice,
             .description = "the plugin's setting that the limit stands in",
             .choices = {"second", "minute", "hour", "day", "month", "year"}}};
  }

  static constexpr std::string_view advertises =
      "X-RateLimit-Limit-UNIT, X-RateLimit-Remaining-UNIT, RateLimit-Limit, RateLimit-Remaining, "
      "RateLimit-Reset and, on a denial, Retry-After: the last two are max(1, length - seconds "
      "since the window began), where Kong takes every month to have 30 days and every year 365";

  static KongWindow::Period period_of(const std::string& name) {
    using Unit = KongWindow::Period::Unit;
    if (name == "second") return {Unit::fixed, 1};
    if (name == "minute") return {Unit::fixed, 60};
    if (name == "hour") return {Unit::fixed, 3'600};
    if (name == "day") return {Unit::fixed, 86'400};
    if (name == "month") return {Unit::month, 30 * 86'400};
    return {Unit::year, 365 * 86'400};
  }
};

}  // namespace weir::limiter
