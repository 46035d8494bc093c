#pragma once

#include "limiter/integer_gcra.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"

namespace weir::limiter {

/// redis-cell's CL.THROTTLE.
class RedisCell : public IntegerGcra {
 public:
  using IntegerGcra::IntegerGcra;

  /// Whole seconds, rounded up only where a whole millisecond is left over: a client that comes
  /// back then can be too early by less than one.
  std::optional<Duration> advertised_retry_after(const State& state, Instant now, Cost cost) const {
    const std::int64_t spare = cost <= limit() ? spare_ns(state, now, cost) : 0;
    if (spare >= 0) return std::nullopt;
    return in_seconds(-spare);
  }

  /// The remaining is reckoned from lengths of time that are cut to whole microseconds, so that it
  /// can be one too many or too few; with an emission interval below one it says nothing at all.
  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    const std::int64_t debt = debt_ns(state, now);
    AdvertisedQuota told{limit(), 0, in_seconds(debt)};
    const auto us = [](std::int64_t ns) { return static_cast<double>(ns / 1000); };
    const std::int64_t room = tolerance() - debt;
    if (interval() < 1000) {
      // A division by 0 gives infinity, or no number: the largest count there is, or 0.
      told.remaining = room < 1000 ? 0 : std::numeric_limits<std::int64_t>::max();
    } else if (room > -interval()) {
      told.remaining = static_cast<std::int64_t>(us(room) / us(interval()));
    }
    return told;
  }

 private:
  static Duration in_seconds(std::int64_t ns) {
    constexpr std::int64_t second = 1'000'000'000;
    const bool rounds_up = ns % second >= 1'000'000;
    return Duration::from_seconds(ns / second + (rounds_up ? 1 : 0));
  }
};

/// The catalogue entry of redis-cell.
struct RedisCellEntry {
  using Limiter = RedisCell;

  static AlgorithmInfo info() {
    return {
        .id = "redis-cell",
        .summary = "redis-cell CL.THROTTLE: GCRA in whole nanoseconds",
        .parameters = {{.name = "max_burst",
                        .type = ParameterType::count,
                        .description = "how many may come back to back beside the first"},
                       {.name = "count",
                        .type = ParameterType::count,
                        .description = "how many per period",
                        .min = 1},
                       {.name = "period",
                        .type = ParameterType::duration,
                        .description = "in whole seconds",
                        .min = 1'000'000'000}},
        .rule =
            "T = period in ns / count in float64, cut to whole ns; limit = max_burst + 1\n"
            "TAT' = max(TAT, now) + T c\n"
            "admit cost c  if TAT' - limit T <= now:  TAT = TAT'; a cost of 0 only looks\n"
            "deny          otherwise; nothing changes\n"
            "not modelled: Redis cuts the key's life to ms: it ends up to 1 ms before TAT",
        .source = "redis-cell-impl/src/lib.rs, redis-cell/src/lib.rs",
        .version = "4d42338",
        .evidence = Evidence::read_in_source,
        .state_size = "8",
        .example = "max_burst=19 count=300 period=1m",
        .advertises =
            "its reply: limit, remaining (from times cut to whole us, rounded down), retry_after "
            "and reset_after in whole seconds, plus 1 if there is a part of at least 1 ms; a "
            "retry_after of -1 if c > limit",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const Duration period = p.duration("period");
    if (period.ns() % 1'000'000'000 != 0) {
      return tl::unexpected(MakeProblem{"period", "must be a whole number of seconds"});
    }
    const auto interval = static_cast<std::int64_t>(static_cast<double>(period.ns()) /
                                                    static_cast<double>(p.count("count")));
    if (interval == 0) {
      return tl::unexpected(MakeProblem{
          "count", "must be at most one per nanosecond: redis-cell refuses a rate above that"});
    }
    const std::int64_t limit = p.count("max_burst") + 1;
    if (!IntegerGcra::fits(interval, limit, env)) {
      return tl::unexpected(MakeProblem{
          "max_burst",
          "is too large: max_burst + 1 times period / count does not fit 64-bit nanoseconds"});
    }
    return RedisCell(interval, limit, env.start);
  }
};

}  // namespace weir::limiter
