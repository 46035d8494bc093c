#pragma once

#include <algorithm>
#include <limits>

#include "core/int128.hpp"
#include "limiter/coarse_clock.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// HAProxy's "deny if { sc_http_req_rate(0) gt LIMIT }" on a stick table that stores
/// http_req_rate(PERIOD): requests, denied ones too, are counted in periods from the key's first
/// one, and the previous period counts in proportion to what is left of the current one.
class HaproxyHttpReqRate {
 public:
  /// Counters stop here; a limit is always below.
  static constexpr std::uint32_t most_counted = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::int64_t longest_period_ms = std::numeric_limits<std::int32_t>::max();

  struct State {
    /// When the current period began; far in the past for a key never seen, and always even.
    std::int64_t tick_ms = -(std::int64_t{1} << 62);
    std::uint32_t current = 0;
    std::uint32_t previous = 0;
  };

  /// The period is from 1 to longest_period_ms, the limit below most_counted.
  HaproxyHttpReqRate(std::int64_t limit, std::int64_t period_ms)
      : limit_(limit), period_(period_ms) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || rate_counting(state, now, cost) <= limit_, .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state = rotated(state, clock.ticks_at(now));
    state.current = counted(state.current, cost);
  }

  void charge_denied(State& state, Instant now, Cost cost) const { charge(state, now, cost); }

  /// A key's past matters although its whole allowance is back.
  bool is_as_new(const State&, Instant) const { return false; }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (cost > limit_) return std::nullopt;
    if (check(state, now, cost).allowed) return now;
    // The rate falls as time goes on in the current period and in the one after it; after that
    // nothing is left of what was counted before.
    const std::int64_t next = state.tick_ms + period_;
    const std::int64_t after_next = next + period_;
    const std::int64_t now_ms = clock.ticks_at(now);
    if (const auto ms =
            first_within({now_ms, next}, next, counted(state.current, cost), state.previous)) {
      return clock.instant_of(*ms);
    }
    if (const auto ms = first_within({std::max(now_ms, next), after_next}, even(next) + period_,
                                     counted(0, cost), state.current)) {
      return clock.instant_of(*ms);
    }
    return clock.instant_of(after_next);
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t left = limit_ - rate_counting(state, now, 0);
    return {.limit = limit_,
            .remaining = std::max<std::int64_t>(left, 0),
            .reset_after = wait_until(earliest(state, now, limit_), now)};
  }

  /// No period admits more than the limit, so the limit times the most periods that fit. The weight
  /// of the previous period makes it less in practice.
  std::optional<std::int64_t> bound(Duration interval) const {
    const std::int64_t odd = period_ % 2;
    // A period begins at an even ms, so that an odd one is cut short by 1; one of 1 ms is then
    // begun anew by every request at an odd ms.
    if (period_ == 1 && limit_ > 0) return std::nullopt;
    if (limit_ == 0) return 0;
    const std::int64_t ms = clock.most_ticks_in(interval);
    return saturate(Int128{limit_} * (1 + (ms + period_ - 1 + odd) / (period_ - odd)));
  }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

  /// What sc_http_req_rate shows once a request of that cost, 1 or more, has been counted. For a
  /// cost of 0, what the requests before it count for.
  std::int64_t rate_counting(const State& state, Instant now, Cost cost) const {
    const std::int64_t now_ms = clock.ticks_at(now);
    const State s = rotated(state, now_ms);
    const std::int64_t left_ms = std::clamp<std::int64_t>(s.tick_ms + period_ - now_ms, 0, period_);
    return counted(s.current, cost) + s.previous * left_ms / period_;
  }

 private:
  struct Span {
    std::int64_t from;
    std::int64_t to;
  };

  static constexpr CoarseClock clock = CoarseClock::milliseconds();

  static std::int64_t even(std::int64_t tick) { return tick & ~std::int64_t{1}; }

  static std::uint32_t counted(std::uint32_t counter, Cost cost) {
    const Cost room = most_counted - counter;
    return cost > room ? most_counted : counter + static_cast<std::uint32_t>(cost);
  }

  /// The state as a request at `now_ms` finds it, before it is counted.
  State rotated(const State& state, std::int64_t now_ms) const {
    if (now_ms - state.tick_ms < period_) return state;
    State next{.tick_ms = state.tick_ms + period_, .current = 0, .previous = state.current};
    if (now_ms - next.tick_ms >= period_) {
      next.previous = 0;
      next.tick_ms = now_ms;
    }
    next.tick_ms = even(next.tick_ms);
    return next;
  }

  /// The first ms in [from, to) of a period that ends at `end` at which `count` and what is left of
  /// `previous` are within the limit.
  std::optional<std::int64_t> first_within(Span span, std::int64_t end, std::int64_t count,
                                           std::int64_t previous) const {
    if (count > limit_) return std::nullopt;
    std::int64_t ms = span.from;
    if (previous > 0) ms = std::max(ms, end - ((limit_ - count + 1) * period_ - 1) / previous);
    if (ms >= span.to) return std::nullopt;
    return ms;
  }

  std::int64_t limit_;
  std::int64_t period_;
};

/// The catalogue entry of HAProxy's http_req_rate.
struct HaproxyHttpReqRateEntry {
  using Limiter = HaproxyHttpReqRate;

  static AlgorithmInfo info() {
    return {
        .id = "haproxy-http-req-rate",
        .summary = "HAProxy http_req_rate: two periods weighted by time, denied requests counted",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description = "LIMIT in: deny if { sc_http_req_rate(0) gt LIMIT }",
                        .max = std::int64_t{HaproxyHttpReqRate::most_counted} - 1},
                       {.name = "period",
                        .type = ParameterType::duration,
                        .description = "PERIOD in: stick-table ... store http_req_rate(PERIOD), in "
                                       "whole milliseconds",
                        .min = 1'000'000}},
        .rule =
            "now = Unix time in whole ms; a key has tick, cur and prev, and every request counts\n"
            "if now - tick < period:  cur += 1\n"
            "else:  prev = cur; cur = 1; tick += period\n"
            "       if now - tick >= period:  prev = 0; tick = now\n"
            "       tick is rounded down to even (its lowest bit is a lock)\n"
            "rate = floor((prev (tick + period - now) + cur period) / period)\n"
            "deny if rate > limit, so a client that keeps on asking stays denied\n"
            "a cost of n counts n (HAProxy itself always 1), a cost of 0 is let in uncounted\n"
            "not modelled: that the table forgets idle keys, and that its 32-bit clock wraps",
        .source = "src/freq_ctr.c, include/haproxy/freq_ctr.h",
        .version = "HAProxy 2.6.12 (source read at 50872daa)",
        .evidence = Evidence::checked_against_program,
        .state_size = "16",
        .example = "limit=20 period=10s",
        .denied_status = 403,
        .advertises = "nothing, unless its configuration writes a header itself",
        .clock_granularity = Duration::from_ms(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const std::int64_t period_ns = p.duration("period").ns();
    if (period_ns % 1'000'000 != 0 || period_ns < 1'000'000) {
      return tl::unexpected(MakeProblem{"period", "must be a whole number of milliseconds"});
    }
    if (period_ns / 1'000'000 > HaproxyHttpReqRate::longest_period_ms) {
      return tl::unexpected(
          MakeProblem{"period", "must be at most 2147483647ms, about 24 days, as in HAProxy"});
    }
    return HaproxyHttpReqRate(p.count("limit"), period_ns / 1'000'000);
  }
};

}  // namespace weir::limiter
