#pragma once

#include <algorithm>

#include "core/int128.hpp"
#include "limiter/coarse_clock.hpp"
#include "limiter/cost_log.hpp"
#include "limiter/first_hit_window.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// PyrateLimiter's in-memory bucket: a log in whole milliseconds, in which an item that is exactly
/// as old as the interval still counts.
class PythonPyrateLimiter {
 public:
  struct State {
    /// Positions are milliseconds.
    CostLog log;

    bool operator==(const State&) const = default;
  };

  PythonPyrateLimiter(std::int64_t limit, std::int64_t window_ms)
      : limit_(limit), window_ms_(window_ms) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || cost <= limit_ - used(state, now), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state.log.add(clock.ticks_at(now), cost, expired(now));
  }

  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (cost == 0) return now;
    if (cost > limit_) return std::nullopt;
    const auto last_to_go = state.log.position_leaving(expired(now), limit_ - cost);
    if (!last_to_go) return now;
    return clock.instant_of(*last_to_go + window_ms_ + 1);
  }

  Quota quota(const State& state, Instant now) const {
    return {.limit = limit_,
            .remaining = limit_ - used(state, now),
            .reset_after = wait_until(earliest(state, now, limit_), now)};
  }

  /// The limit in each window's worth of the milliseconds that the interval can touch.
  std::optional<std::int64_t> bound(Duration interval) const {
    const std::int64_t touched = 1 + clock.most_ticks_in(interval);
    return saturate(Int128{ceil_div(touched, window_ms_ + 1)} * limit_);
  }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

  static std::size_t owned_bytes(const State& state) { return state.log.owned_bytes(); }

 private:
  static constexpr CoarseClock clock = CoarseClock::milliseconds();

  /// The last millisecond that no longer counts.
  std::int64_t expired(Instant now) const { return clock.ticks_at(now) - window_ms_ - 1; }

  std::int64_t used(const State& state, Instant now) const {
    return state.log.sum_after(expired(now));
  }

  std::int64_t limit_;
  std::int64_t window_ms_;
};

/// The catalogue entry of Python's PyrateLimiter.
struct PythonPyrateLimiterEntry {
  using Limiter = PythonPyrateLimiter;

  static AlgorithmInfo info() {
    return {
        .id = "python-pyrate-limiter",
        .summary = "PyrateLimiter: a sliding log in whole milliseconds",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description = "how much is admitted per window",
                        .min = 1},
                       {.name = "window",
                        .type = ParameterType::duration,
                        .description = "the rate's interval: whole milliseconds",
                        .min = 1'000'000}},
        .rule =
            "now = time in whole ms\n"
            "count = items of the log that are not older than window: one that is exactly\n"
            "  as old still counts\n"
            "admit weight c  if  limit - count >= c;  then c items of now are logged\n"
            "deny            otherwise; nothing changes\n"
            "not modelled: that it waits by itself where it is not told not to block, 50 ms\n"
            "  longer than it has to",
        .source = "pyrate_limiter/buckets/in_memory_bucket.py, abstracts/bucket.py",
        .version = "4, f444c5e, one rate, InMemoryBucket",
        .evidence = Evidence::read_in_source,
        .state_size = "24, and 16 for each millisecond remembered",
        .example = "limit=100 window=1m",
        .advertises = "nothing: it waits, or answers true or false",
        .clock_granularity = Duration::from_ms(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Duration window = p.duration("window");
    if (auto problem =
            whole_units_problem("window", window, Duration::from_ms(1), "milliseconds")) {
      return tl::unexpected(*problem);
    }
    return PythonPyrateLimiter(p.count("limit"), window.ns() / 1'000'000);
  }
};

}  // namespace weir::limiter
