#pragma once

#include "limiter/kong_window.hpp"

namespace weir::limiter {

/// The catalogue entry of Kong's rate-limiting plugin, policy "local".
struct KongLocalEntry : KongEntry {
  static AlgorithmInfo info() {
    return {
        .id = "kong-local",
        .summary = "Kong rate-limiting, policy local: fixed calendar windows in UTC",
        .parameters = parameters(),
        .rule =
            "window = the calendar's second, minute, ..., month or year in UTC\n"
            "usage  = what the window's counter has counted, or 0\n"
            "deny if limit - usage <= 0; nothing changes; otherwise usage += 1\n"
            "a counter also ends 30 days after its first hit if it is of a month, and 365\n"
            "  if of a year, so that day 31 may begin from 0 again\n"
            "a cost of n (Kong's is always 1) is n requests, let in together or not at all\n"
            "not modelled: Kong counts a moment after it has let in, so that requests at\n"
            "  the same time can pass beyond the limit",
        .source = "kong/plugins/rate-limiting/handler.lua, policies/init.lua, expiration.lua",
        .version = "22246ef2",
        .evidence = Evidence::read_in_source,
        .state_size = "16",
        .example = "limit=100 period=minute",
        .advertises = advertises,
        .clock_granularity = Duration::from_seconds(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    return KongWindow(p.count("limit"), period_of(p.choice("period")), false);
  }
};

}  // namespace weir::limiter
