#pragma once

#include <algorithm>
#include <limits>

#include "core/int128.hpp"
#include "core/text.hpp"
#include "limiter/coarse_clock.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// nginx's limit_req: a leaky bucket counted in thousandths of a request on a clock of whole
/// milliseconds, which delays what exceeds the rate and denies what exceeds the burst.
class NginxLimitReq {
 public:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();
  /// The delay setting under which no request is ever held back.
  static constexpr std::int64_t nodelay = std::numeric_limits<std::int64_t>::max();

  struct State {
    /// Thousandths of a request above the rate, at `last_ms`.
    std::int64_t excess = 0;
    std::int64_t last_ms = never;
  };

  /// All in thousandths of a request: a second for the rate, above 0; burst and rate at most 10^15.
  NginxLimitReq(std::int64_t rate, std::int64_t burst, std::int64_t delay)
      : rate_(rate),
        burst_(burst),
        delay_(delay),
        most_(burst / 1000 + 1),
        drained_ms_(ceil_div((burst + 1000) * 1000, rate)) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    if (cost == 0) return {};
    if (cost > most_) return {.allowed = false, .delay = {}};
    const std::int64_t excess = excess_counting(state, now, cost);
    if (excess > burst_) return {.allowed = false, .delay = {}};
    return {.allowed = true, .delay = delay_of(excess)};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    const std::int64_t now_ms = clock.ticks_at(now);
    const bool moves = state.last_ms == never || elapsed_ms(state, now_ms) != 0;
    state.excess = excess_counting(state, now, cost);
    if (moves) state.last_ms = now_ms;
  }

  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (cost > most_) return std::nullopt;
    if (check(state, now, cost).allowed) return now;
    const std::int64_t to_leak = state.excess + 1000 * cost - burst_;
    return clock.instant_of(state.last_ms + ceil_div(to_leak * 1000, rate_));
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t room = burst_ - excess_counting(state, now, 1);
    return {.limit = most_,
            .remaining = room < 0 ? 0 : room / 1000 + 1,
            .reset_after = wait_until(earliest(state, now, most_), now)};
  }

  /// The first request may find the bucket empty; every later one adds 1000 to it, less what leaks
  /// meanwhile, and leaves at most the burst in it.
  std::optional<std::int64_t> bound(Duration interval) const {
    const Int128 leaks = Int128{rate_} * clock.most_ticks_in(interval) / 1000;
    return saturate(1 + (burst_ + leaks) / 1000);
  }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

  /// What nginx logs as the excess of a request of that cost, 1 or more, in thousandths.
  std::int64_t excess_counting(const State& state, Instant now, Cost cost) const {
    const std::int64_t others = (cost - 1) * 1000;
    if (state.last_ms == never) return others;
    // From drained_ms_ on all has leaked out, and the product would only grow.
    const std::int64_t ms = std::min(elapsed_ms(state, clock.ticks_at(now)), drained_ms_);
    return std::max<std::int64_t>(state.excess - rate_ * ms / 1000 + 1000, 0) + others;
  }

 private:
  static constexpr CoarseClock clock = CoarseClock::milliseconds();

  /// A clock that was set back by more than a minute counts as one that moved on by a millisecond.
  static std::int64_t elapsed_ms(const State& state, std::int64_t now_ms) {
    const std::int64_t ms = now_ms - state.last_ms;
    if (ms < -60'000) return 1;
    return std::max<std::int64_t>(ms, 0);
  }

  Duration delay_of(std::int64_t excess) const {
    if (excess <= delay_) return {};
    return Duration::from_ms((excess - delay_) * 1000 / rate_);
  }

  std::int64_t rate_;
  std::int64_t burst_;
  std::int64_t delay_;
  Cost most_;
  std::int64_t drained_ms_;
};

/// The catalogue entry of nginx's limit_req.
struct NginxLimitReqEntry {
  using Limiter = NginxLimitReq;

  static constexpr std::int64_t most_requests = 1'000'000'000'000;

  static AlgorithmInfo info() {
    return {
        .id = "nginx-limit-req",
        .summary =
            "nginx limit_req: a leaky bucket in 1/1000 request and ms, delaying, then denying",
        .parameters = {{.name = "rate",
                        .type = ParameterType::rate,
                        .description =
                            "N/s or N/m, as in limit_req_zone's rate=Nr/s and rate=Nr/m"},
                       {.name = "burst",
                        .type = ParameterType::count,
                        .description = "how many requests above the rate are let in",
                        .default_value = "0",
                        .max = most_requests},
                       {.name = "delay",
                        .type = ParameterType::count,
                        .description = "how many of these are not delayed; without it (and without "
                                       "nodelay) all are",
                        .max = most_requests,
                        .optional_without_default = true},
                       {.name = "nodelay",
                        .type = ParameterType::boolean,
                        .description = "delay none of them",
                        .default_value = "false"}},
        .rule =
            "rate, burst and delay in 1/1000 request: N/s is 1000 N, N/m is floor(1000 N / 60)\n"
            "first request of a key: excess = 0, last = now, admit\n"
            "ms = now - last on a clock of whole ms; 1 if below -60000, else 0 if below 0\n"
            "excess' = max(0, excess - floor(rate ms / 1000) + 1000)\n"
            "deny   if  excess' > burst; nothing changes\n"
            "admit  otherwise: excess = excess'; last = now if ms > 0; what floor() cut off is "
            "lost\n"
            "delay  floor((excess' - delay) 1000 / rate) ms if excess' > delay, with nodelay "
            "never\n"
            "a cost of n (nginx has none) is n requests at one instant, let in together or not at "
            "all,\nheld back like the last of them\n"
            "no Retry-After; that an idle key is forgotten when the zone is full is not modelled",
        .source = "src/http/modules/ngx_http_limit_req_module.c",
        .version = "nginx 1.22.1 (source read at 3f6f7824)",
        .evidence = Evidence::checked_against_program,
        .state_size = "16",
        .example = "rate=10/s burst=20 nodelay=true",
        .denied_status = 503,
        .advertises = "nothing",
        .clock_granularity = Duration::from_ms(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Rate rate = p.rate("rate");
    const bool by_second = rate.per == Duration::from_seconds(1);
    if (!by_second && rate.per != Duration::from_seconds(60)) {
      return tl::unexpected(MakeProblem{
          "rate",
          "must be per second or per minute, as in nginx: N/s or N/m, got " + format_rate(rate)});
    }
    if (rate.units == 0) return tl::unexpected(MakeProblem{"rate", "must be above 0"});
    if (rate.units > static_cast<std::uint64_t>(most_requests)) {
      return tl::unexpected(MakeProblem{"rate", "must be at most 1000000000000 requests"});
    }
    const bool nodelay = p.boolean("nodelay");
    if (nodelay && p.has("delay")) {
      return tl::unexpected(MakeProblem{"nodelay", "cannot stand beside delay: give one of them"});
    }
    const std::int64_t milli_rate =
        static_cast<std::int64_t>(rate.units) * 1000 / (by_second ? 1 : 60);
    const std::int64_t burst = p.count("burst") * 1000;
    if (Int128{burst} * 1000 / milli_rate > longest_window.ns() / 1'000'000) {
      return tl::unexpected(MakeProblem{
          "burst", "must drain within " + format_duration(longest_window) + " at the rate"});
    }
    const std::int64_t delay = p.has("delay") ? p.count("delay") * 1000 : 0;
    return NginxLimitReq(milli_rate, burst, nodelay ? NginxLimitReq::nodelay : delay);
  }
};

}  // namespace weir::limiter
