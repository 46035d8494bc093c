#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/text.hpp"
#include "limiter/coarse_clock.hpp"
#include "limiter/first_true.hpp"
#include "limiter/go_seconds.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// APISIX's limit-req, which is OpenResty's resty.limit.req: nginx's leaky bucket in Lua, its
/// excess reckoned in doubles and kept in whole thousandths of a request.
class ApisixLimitReq {
 public:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();

  struct State {
    /// Thousandths of a request above the rate, at `last_ms`.
    std::int64_t excess = 0;
    std::int64_t last_ms = never;
  };

  ApisixLimitReq(double per_second, std::int64_t burst, bool nodelay)
      : rate_(per_second * 1000.0), burst_(burst * 1000), most_(burst + 1), nodelay_(nodelay) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    if (cost == 0) return {};
    const std::int64_t now_ms = clock.ticks_at(now);
    if (!admits(state, now_ms, cost)) return {.allowed = false, .delay = {}};
    return {.allowed = true, .delay = delay_of(excess_counting(state, now_ms, cost))};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    const std::int64_t now_ms = clock.ticks_at(now);
    const double excess = excess_counting(state, now_ms, cost);
    state = {.excess = static_cast<std::int64_t>(excess), .last_ms = now_ms};
  }
  void charge_denied(State&, Instant, Cost) const {}

  /// A key's past matters although its whole allowance is back.
  bool is_as_new(const State&, Instant) const { return false; }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (cost > most_) return std::nullopt;
    if (check(state, now, cost).allowed) return now;
    const auto admitted = [&](std::int64_t ms) { return admits(state, ms, cost); };
    const std::int64_t from = clock.ticks_at(now);
    const std::int64_t last = clock.ticks_at(Instant::max());
    if (!admitted(last)) return std::nullopt;
    const auto to_leak = static_cast<double>(state.excess + 1000 * cost - burst_);
    const std::int64_t in = saturated_floor(to_leak / rate_ * 1000.0);
    return clock.instant_of(first_true(from, last, saturate(Int128{state.last_ms} + in), admitted));
  }

  Quota quota(const State& state, Instant now) const {
    const double room =
        static_cast<double>(burst_) - excess_counting(state, clock.ticks_at(now), 1);
    // What is kept of the first one's excess is cut, so that the next may have that more.
    const auto denied = [&](Cost cost) { return !check(state, now, cost).allowed; };
    const Cost guess = std::clamp<Cost>(saturated_floor(room / 1000.0) + 2, 1, most_ + 1);
    return {.limit = most_,
            .remaining = first_true(Cost{1}, most_ + 1, guess, denied) - 1,
            .reset_after = wait_until(earliest(state, now, most_), now)};
  }

  /// The first request may find the bucket empty; every later one adds 1000, less what leaks
  /// meanwhile and what is cut off, less than 1 for every tick that has passed.
  std::optional<std::int64_t> bound(Duration interval) const {
    const auto ms = static_cast<double>(clock.most_ticks_in(interval));
    const double leaks = (rate_ / 1000.0 + 2.0) * ms * (1.0 + 0x1p-40);
    const double units = (static_cast<double>(burst_) + leaks) / 1000.0;
    return saturate(Int128{1} + saturated_floor(units));
  }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

 private:
  static constexpr CoarseClock clock = CoarseClock::milliseconds();

  bool admits(const State& state, std::int64_t now_ms, Cost cost) const {
    return cost <= most_ && excess_counting(state, now_ms, cost) <= static_cast<double>(burst_);
  }

  /// The excess with the last of so many requests, 1 or more.
  double excess_counting(const State& state, std::int64_t now_ms, Cost cost) const {
    const auto others = static_cast<double>((cost - 1) * 1000);
    if (state.last_ms == never) return others;
    const auto elapsed = static_cast<double>(now_ms - state.last_ms);
    const double first = std::max(
        static_cast<double>(state.excess) - rate_ * std::abs(elapsed) / 1000.0 + 1000.0, 0.0);
    return cost == 1 ? first : std::trunc(first) + others;
  }

  /// APISIX sleeps in pieces of a second, and each piece is cut to whole milliseconds.
  Duration delay_of(double excess) const {
    const double s = excess / rate_;
    if (nodelay_ || s < 0.001) return {};
    const double pieces = std::max(std::ceil(s) - 1.0, 0.0);
    const std::int64_t rest_ms = saturated_floor((s - pieces) * 1000.0);
    const Int128 ms = Int128{saturated_floor(pieces)} * 1000 + rest_ms;
    return Duration::from_ns(saturate(ms * 1'000'000));
  }

  double rate_;
  std::int64_t burst_;
  Cost most_;
  bool nodelay_;
};

/// The catalogue entry of APISIX's limit-req.
struct ApisixLimitReqEntry {
  using Limiter = ApisixLimitReq;

  static AlgorithmInfo info() {
    return {
        .id = "apisix-limit-req",
        .summary = "APISIX limit-req: nginx's leaky bucket in Lua's doubles, delaying by default",
        .parameters = {{.name = "rate",
                        .type = ParameterType::rate,
                        .description = "the plugin's rate, in requests per second; above 0"},
                       {.name = "burst",
                        .type = ParameterType::count,
                        .description = "how many requests above the rate are let in, delayed",
                        .max = 1'000'000'000'000},
                       {.name = "nodelay",
                        .type = ParameterType::boolean,
                        .description = "delay none of them",
                        .default_value = "false"}},
        .rule =
            "rate and burst in 1/1000 request; now in whole ms\n"
            "first request of a key: excess = 0, last = now, admit\n"
            "excess' = max(0, excess - rate |now - last| / 1000 + 1000), in doubles\n"
            "deny   if excess' > burst; nothing changes\n"
            "admit  otherwise: excess = floor(excess'), last = now\n"
            "delay  excess' / rate if that is 1 ms or more, in pieces of a second that are\n"
            "       each cut to whole ms; with nodelay never\n"
            "a cost of n (APISIX has none) is n requests at one instant, let in together or\n"
            "not at all, held back like the last of them\n"
            "not modelled: policy redis, which keeps the fraction; that a full dictionary\n"
            "forgets idle keys; last's cut ms before 2004 and after 2038",
        .source = "apisix/plugins/limit-req.lua, lib/resty/limit/req.lua",
        .version = "f519a0f; lua-resty-limit-traffic 094d4f0",
        .evidence = Evidence::read_in_source,
        .state_size = "16",
        .example = "rate=10/s burst=20 nodelay=true",
        .denied_status = 503,
        .advertises = "nothing",
        .clock_granularity = Duration::from_ms(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Rate rate = p.rate("rate");
    if (rate.units == 0) return tl::unexpected(MakeProblem{"rate", "must be above 0"});
    const double per_second = static_cast<double>(rate.units) / go_seconds(rate.per.ns());
    return ApisixLimitReq(per_second, p.count("burst"), p.boolean("nodelay"));
  }
};

}  // namespace weir::limiter
