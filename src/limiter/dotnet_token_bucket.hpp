#pragma once

#include <algorithm>
#include <limits>

#include "core/int128.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// System.Threading.RateLimiting's TokenBucketRateLimiter with AutoReplenishment and no queue:
/// tokens by a timer that runs from the start.
class DotnetTokenBucket {
 public:
  struct State {
    /// What is lacking of the token limit, and the timer's last tick then.
    std::int64_t taken = 0;
    std::int64_t tick = 0;
  };

  DotnetTokenBucket(std::int64_t token_limit, std::int64_t tokens_per_period, Duration period,
                    Instant start)
      : limit_(token_limit), per_period_(tokens_per_period), period_(period.ns()), start_(start) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    const std::int64_t tokens = tokens_at(state, tick_at(now));
    return {.allowed = tokens > 0 && cost <= tokens, .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    const std::int64_t tick = tick_at(now);
    state = {.taken = limit_ - tokens_at(state, tick) + cost, .tick = tick};
  }
  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > limit_) return std::nullopt;
    const std::int64_t tick = tick_at(now);
    const Int128 lacking = Int128{std::max<Cost>(cost, 1)} - tokens_at(state, tick);
    const Int128 ticks = tick + ceil_div(lacking, Int128{per_period_});
    const Int128 at = ticks * period_ + start_.unix_ns();
    if (at > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return Instant::from_unix_ns(static_cast<std::int64_t>(at));
  }

  Quota quota(const State& state, Instant now) const {
    return {.limit = limit_,
            .remaining = tokens_at(state, tick_at(now)),
            .reset_after = wait_until(earliest(state, now, limit_), now)};
  }

  std::optional<std::int64_t> bound(Duration interval) const {
    return saturate(limit_ + ceil_div(Int128{interval.ns()}, Int128{period_}) * per_period_);
  }

  /// The lease's RetryAfter: as many whole periods as bring no more than what is lacking, at least
  /// one; nothing for a cost above the limit, which throws.
  std::optional<Duration> advertised_retry_after(const State& state, Instant now, Cost cost) const {
    if (cost > limit_) return std::nullopt;
    const std::int64_t lacking = cost - tokens_at(state, tick_at(now));
    const std::int64_t periods = std::max<std::int64_t>(lacking / per_period_, 1);
    return Duration::from_ns(saturate(Int128{period_} * periods));
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

 private:
  std::int64_t tick_at(Instant now) const {
    const Int128 since_start = Int128{now.unix_ns()} - start_.unix_ns();
    return static_cast<std::int64_t>(floor_div(since_start, Int128{period_}));
  }

  std::int64_t tokens_at(const State& state, std::int64_t tick) const {
    const Int128 came = std::max<Int128>(Int128{tick} - state.tick, 0) * per_period_;
    return saturate(limit_ - std::max<Int128>(state.taken - came, 0));
  }

  std::int64_t limit_;
  std::int64_t per_period_;
  std::int64_t period_;
  Instant start_;
};

/// The catalogue entry of .NET's TokenBucketRateLimiter.
struct DotnetTokenBucketEntry {
  using Limiter = DotnetTokenBucket;

  static AlgorithmInfo info() {
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    return {
        .id = "dotnet-token-bucket",
        .summary = ".NET TokenBucketRateLimiter: tokens by a timer from the start",
        .parameters = {{.name = "token_limit",
                        .type = ParameterType::count,
                        .description = "what the bucket holds, and starts with",
                        .min = 1,
                        .max = most},
                       {.name = "tokens_per_period",
                        .type = ParameterType::count,
                        .description = "what each tick of the timer brings",
                        .min = 1,
                        .max = most},
                       {.name = "replenishment_period",
                        .type = ParameterType::duration,
                        .description = "between two ticks, in whole milliseconds",
                        .min = 1'000'000}},
        .rule =
            "at start + k replenishment_period:\n"
            "  tokens = min(token_limit, tokens + tokens_per_period)\n"
            "admit cost c  if tokens > 0 and tokens >= c:  tokens -= c\n"
            "deny          otherwise; nothing changes\n"
            "so a cost of 0, which only asks, is denied while there is no token\n"
            "a cost above token_limit, which throws, is denied\n"
            "not modelled: that timers come late, or early and bring nothing; a QueueLimit;\n"
            "a PartitionedRateLimiter, which refills its buckets about every 100 ms",
        .source = "System.Threading.RateLimiting/TokenBucketRateLimiter.cs",
        .version = "7c964e1f",
        .evidence = Evidence::read_in_source,
        .state_size = "16",
        .example = "token_limit=20 tokens_per_period=5 replenishment_period=1s",
        .denied_status = 503,
        .advertises =
            "ASP.NET Core sends no headers by itself; the lease's RetryAfter is "
            "replenishment_period times max(1, floor((c - tokens) / tokens_per_period)), counted "
            "from now, not from the last tick",
        .clock_granularity = Duration::from_ms(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const Duration period = p.duration("replenishment_period");
    if (period.ns() % 1'000'000 != 0) {
      return tl::unexpected(
          MakeProblem{"replenishment_period", "must be a whole number of milliseconds"});
    }
    return DotnetTokenBucket(p.count("token_limit"), p.count("tokens_per_period"), period,
                             env.start);
  }
};

}  // namespace weir::limiter
