#pragma once

#include <algorithm>
#include <limits>

#include "core/int128.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// Resilience4j's AtomicRateLimiter: cycles since the run began, and permissions of later cycles
/// reserved by those who are willing to wait for them.
class JavaResilience4j {
 public:
  struct State {
    std::int64_t cycle = 0;
    /// What is lacking of the cycle's permissions; more than all of them where later ones are
    /// reserved.
    std::int64_t taken = 0;
  };

  JavaResilience4j(std::int64_t limit, Duration period, Duration timeout, Instant start)
      : limit_(limit), period_(period.ns()), timeout_(timeout.ns()), start_(start) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    if (cost == 0) return {};
    const std::int64_t cycle = cycle_at(now);
    const Int128 wait = wait_ns(taken_at(state, cycle), since_start(now), cost);
    if (cost > most() || wait > timeout_) return {.allowed = false, .delay = {}};
    return {.allowed = true, .delay = Duration::from_ns(static_cast<std::int64_t>(wait))};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    const std::int64_t cycle = cycle_at(now);
    state = {.cycle = cycle, .taken = taken_at(state, cycle) + cost};
  }
  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > most()) return std::nullopt;
    // The most that may be taken already in the cycle in which the request can be reserved.
    const std::int64_t may_be_taken = most() - cost;
    const std::int64_t now_cycle = cycle_at(now);
    const std::int64_t taken = taken_at(state, now_cycle);
    const std::int64_t cycles = ceil_div(std::max<std::int64_t>(taken - may_be_taken, 0), limit_);
    const Int128 begins = (Int128{now_cycle} + cycles) * period_;
    const std::int64_t then_taken = taken_at(state, now_cycle + cycles);
    // At the cycle's beginning, or late enough in it that the wait is no longer than the time-out.
    const Int128 too_long = wait_ns(then_taken, begins, cost) - timeout_;
    const Int128 at = begins + std::max<Int128>(too_long, 0) + start_.unix_ns();
    if (at > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return Instant::from_unix_ns(static_cast<std::int64_t>(at));
  }

  /// The limit is what can be had late in a cycle by waiting; earlier in it, it can be less.
  Quota quota(const State& state, Instant now) const {
    const std::int64_t taken = taken_at(state, cycle_at(now));
    const Int128 since = since_start(now);
    const Int128 to_next = period_ - (since - Int128{cycle_at(now)} * period_);
    const Int128 whole = to_next <= timeout_ ? 1 + (timeout_ - to_next) / period_ : 0;
    return {.limit = most(),
            .remaining = std::max<std::int64_t>(saturate((1 + whole) * limit_ - taken), 0),
            .reset_after = wait_until(earliest(state, now, most()), now)};
  }

  /// All that can be reserved, and the permissions of each cycle that can begin meanwhile.
  std::optional<std::int64_t> bound(Duration interval) const {
    return saturate(most() + ceil_div(Int128{interval.ns()}, Int128{period_}) * limit_);
  }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

  /// The largest cost that is ever let in.
  static Int128 most_of(std::int64_t limit, std::int64_t period, std::int64_t timeout) {
    return Int128{limit} * (1 + ceil_div(timeout, period));
  }

 private:
  std::int64_t most() const {
    return static_cast<std::int64_t>(most_of(limit_, period_, timeout_));
  }

  Int128 since_start(Instant now) const { return Int128{now.unix_ns()} - start_.unix_ns(); }
  std::int64_t cycle_at(Instant now) const {
    return static_cast<std::int64_t>(floor_div(since_start(now), Int128{period_}));
  }

  std::int64_t taken_at(const State& state, std::int64_t cycle) const {
    const Int128 given_back = std::max<Int128>(Int128{cycle} - state.cycle, 0) * limit_;
    return saturate(std::max<Int128>(state.taken - given_back, 0));
  }

  Int128 wait_ns(std::int64_t taken, Int128 since_start, Cost cost) const {
    const Int128 lacking = Int128{taken} + cost - limit_;
    if (lacking <= 0) return 0;
    const Int128 next_cycle = (floor_div(since_start, Int128{period_}) + 1) * period_;
    return (ceil_div(lacking, Int128{limit_}) - 1) * period_ + (next_cycle - since_start);
  }

  std::int64_t limit_;
  std::int64_t period_;
  std::int64_t timeout_;
  Instant start_;
};

/// The catalogue entry of Resilience4j's rate limiter.
struct JavaResilience4jEntry {
  using Limiter = JavaResilience4j;

  static AlgorithmInfo info() {
    return {
        .id = "java-resilience4j",
        .summary = "Resilience4j AtomicRateLimiter: cycles, and a wait for later ones",
        .parameters = {{.name = "limit_for_period",
                        .type = ParameterType::count,
                        .description = "permissions per cycle",
                        .default_value = "50",
                        .min = 1,
                        .max = std::numeric_limits<std::int32_t>::max()},
                       {.name = "limit_refresh_period",
                        .type = ParameterType::duration,
                        .description = "how long a cycle is",
                        .default_value = "500ns",
                        .min = 1},
                       {.name = "timeout",
                        .type = ParameterType::duration,
                        .description = "timeoutDuration: how long a request may wait",
                        .default_value = "5s"}},
        .rule =
            "cycle = floor((now - start of the run) / period)\n"
            "left = min(limit, left + limit for each cycle that has begun); it can be below 0\n"
            "wait = 0 if left >= c, else the time to the next cycle and\n"
            "       ceil((c - (left + limit)) / limit) more cycles\n"
            "admit cost c  if wait <= timeout, held back for wait:  left -= c\n"
            "deny          otherwise; nothing changes\n"
            "so that a request for more than the limit can be let in, and late in a cycle\n"
            "more than early in it\n"
            "not modelled: a request that is denied waits for the whole timeout first",
        .source = "AtomicRateLimiter.java",
        .version = "af9e7c97",
        .evidence = Evidence::read_in_source,
        .state_size = "16",
        .example = "limit_for_period=10 limit_refresh_period=1s timeout=0s",
        .advertises = "nothing: RequestNotPermitted says only that it was denied",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const std::int64_t limit = p.count("limit_for_period");
    const Duration period = p.duration("limit_refresh_period");
    const Duration timeout = p.duration("timeout");
    if (JavaResilience4j::most_of(limit, period.ns(), timeout.ns()) >
        std::numeric_limits<std::int32_t>::max()) {
      return tl::unexpected(MakeProblem{
          "timeout", "is too long: the permissions of the cycles within it do not fit 32 bits"});
    }
    return JavaResilience4j(limit, period, timeout, env.start);
  }
};

}  // namespace weir::limiter
