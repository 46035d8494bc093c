#pragma once

#include <algorithm>
#include <limits>

#include "core/int128.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// uber-go/ratelimit: a schedule that never denies and holds each request back until its turn; what
/// has been missed can be made up for, up to a number of requests.
class GoUberRatelimit {
 public:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();

  struct State {
    /// Unix time of the last turn.
    std::int64_t last_turn_ns = never;
  };

  GoUberRatelimit(std::int64_t per_request_ns, std::int64_t slack)
      : per_request_(per_request_ns), most_slack_ns_(saturate(Int128{per_request_ns} * slack)) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    if (cost == 0) return {};
    const Int128 wait = Int128{turn_of(state, now, cost)} - now.unix_ns();
    return {.allowed = true, .delay = Duration::from_ns(saturate(std::max<Int128>(wait, 0)))};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost > 0) state.last_turn_ns = turn_of(state, now, cost);
  }
  void charge_denied(State&, Instant, Cost) const {}

  /// A key's past matters although its whole allowance is back.
  bool is_as_new(const State&, Instant) const { return false; }

  std::optional<Instant> earliest(const State&, Instant now, Cost) const { return now; }

  /// The largest cost that a request can have, always.
  Quota quota(const State&, Instant) const {
    return {.limit = largest_cost, .remaining = largest_cost, .reset_after = {}};
  }

  /// None: it admits everything, and holds it back.
  std::optional<std::int64_t> bound(Duration) const { return std::nullopt; }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

 private:
  /// The turn of the last of `cost` requests, at least 1, that come at one instant.
  std::int64_t turn_of(const State& state, Instant now, Cost cost) const {
    return saturate(first_turn(state, now.unix_ns()) + Int128{per_request_} * (cost - 1));
  }

  Int128 first_turn(const State& state, std::int64_t now) const {
    if (state.last_turn_ns == never) return now;
    const Int128 behind = Int128{now} - state.last_turn_ns;
    if (behind > Int128{most_slack_ns_} + per_request_) return Int128{now} - most_slack_ns_;
    return Int128{state.last_turn_ns} + per_request_;
  }

  std::int64_t per_request_;
  std::int64_t most_slack_ns_;
};

/// The catalogue entry of uber-go/ratelimit.
struct GoUberRatelimitEntry {
  using Limiter = GoUberRatelimit;

  static AlgorithmInfo info() {
    return {
        .id = "go-uber-ratelimit",
        .summary = "uber-go/ratelimit: never denies, holds each request back until its turn",
        .parameters = {{.name = "rate",
                        .type = ParameterType::rate,
                        .description = "New(n), with Per(period); above 0"},
                       {.name = "slack",
                        .type = ParameterType::count,
                        .description = "WithSlack(n): how many missed turns can be made up for",
                        .default_value = "10",
                        .max = 1'000'000'000}},
        .rule =
            "per = period / n, cut to whole ns; the first turn of a key is now\n"
            "turn = now - slack per  if now - last > slack per + per\n"
            "turn = last + per       otherwise;  last = turn\n"
            "admit, held back for max(0, turn - now)\n"
            "a cost of n takes n turns and is held back until the last",
        .source = "limiter_atomic_int64.go",
        .version = "3e5300c8",
        .evidence = Evidence::checked_against_program,
        .state_size = "8",
        .example = "rate=100/s",
        .advertises = "nothing: Take() sleeps",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Rate rate = p.rate("rate");
    if (rate.units == 0) return tl::unexpected(MakeProblem{"rate", "must be above 0"});
    return GoUberRatelimit(rate.per.ns() / static_cast<std::int64_t>(rate.units), p.count("slack"));
  }
};

}  // namespace weir::limiter
