#pragma once

#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"

namespace weir::limiter {

/// Admits nothing that costs anything: the floor of every comparison.
class DenyAll {
 public:
  struct State {};

  Verdict check(const State&, Instant, Cost cost) const {
    return {.allowed = cost == 0, .delay = {}};
  }
  void charge(State&, Instant, Cost) const {}
  void charge_denied(State&, Instant, Cost) const {}
  std::optional<Instant> earliest(const State&, Instant now, Cost cost) const {
    if (cost == 0) return now;
    return std::nullopt;
  }
  Quota quota(const State&, Instant) const { return {}; }
  std::optional<std::int64_t> bound(Duration) const { return 0; }
};

/// The catalogue entry of denying everything.
struct DenyAllEntry {
  using Limiter = DenyAll;

  static AlgorithmInfo info() {
    return {
        .id = "deny-all",
        .summary =
            "Denies everything but a cost of 0: the floor that other algorithms are "
            "compared with",
        .parameters = {},
        .rule =
            "admit  if  c = 0\n"
            "deny   otherwise",
        .source = "none",
        .version = "",
        .evidence = Evidence::canonical,
        .state_size = "0",
        .example = "",
    };
  }

  static MakeResult<Limiter> make(const Parameters&, const Environment&) { return DenyAll(); }
};

}  // namespace weir::limiter
