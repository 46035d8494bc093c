#pragma once

#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"

namespace weir::limiter {

/// Admits everything: the ceiling of every comparison.
class Unlimited {
 public:
  struct State {};

  Verdict check(const State&, Instant, Cost) const { return {}; }
  void charge(State&, Instant, Cost) const {}
  void charge_denied(State&, Instant, Cost) const {}
  std::optional<Instant> earliest(const State&, Instant now, Cost) const { return now; }
  void settle(State&, Instant, Instant, Cost, Cost) const {}
  std::int64_t debt(const State&, Instant) const { return 0; }
  /// The largest cost that a request can have, always.
  Quota quota(const State&, Instant) const {
    return {.limit = largest_cost, .remaining = largest_cost, .reset_after = {}};
  }
  std::optional<std::int64_t> bound(Duration) const { return std::nullopt; }
};

/// The catalogue entry of no limit at all.
struct UnlimitedEntry {
  using Limiter = Unlimited;

  static AlgorithmInfo info() {
    return {
        .id = "unlimited",
        .summary = "Admits everything: the ceiling that other algorithms are compared with",
        .parameters = {},
        .rule = "admit",
        .source = "none",
        .version = "",
        .evidence = Evidence::canonical,
        .state_size = "0",
        .example = "",
    };
  }

  static MakeResult<Limiter> make(const Parameters&, const Environment&) { return Unlimited(); }
};

}  // namespace weir::limiter
