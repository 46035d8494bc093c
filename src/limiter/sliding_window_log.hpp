#pragma once

#include <algorithm>
#include <limits>

#include "limiter/cost_log.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// The exact sliding window: it remembers when each cost of the last window was counted.
class SlidingWindowLog {
 public:
  struct State {
    /// Positions are instants.
    CostLog log;

    bool operator==(const State&) const = default;
  };

  SlidingWindowLog(std::int64_t limit, Duration window, bool count_denied)
      : limit_(limit), window_(window), count_denied_(count_denied) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || cost <= limit_ - used(state, now), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state.log.add(now.unix_ns(), cost, expired(now));
  }

  void charge_denied(State& state, Instant now, Cost cost) const {
    if (!count_denied_ || limit_ == 0) return;
    // Once as much as the limit has come after a cost, it no longer matters: nothing is admitted
    // before what came after it goes, and it goes earlier. So at most `limit` entries are kept, and
    // none that sums to more than the limit.
    const std::int64_t at_now = state.log.sum_after(saturate(Int128{now.unix_ns()} - 1));
    charge(state, now, std::clamp<Cost>(limit_ - at_now, 0, cost));
    if (state.log.started()) state.log.forget_covered(expired(now), limit_);
  }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (cost == 0) return now;
    if (cost > limit_) return std::nullopt;
    const auto last_to_go = state.log.position_leaving(expired(now), limit_ - cost);
    if (!last_to_go) return now;
    return add_saturating(Instant::from_unix_ns(*last_to_go), window_);
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t count = used(state, now);
    return {.limit = limit_,
            .remaining = std::max<std::int64_t>(limit_ - count, 0),
            .reset_after = count == 0 ? Duration() : window_ - (now - newest(state))};
  }

  /// With count_denied, costs that no longer mattered were forgotten, and a refund does not bring
  /// them back.
  void settle(State& state, Instant charged_at, Instant now, Cost charged, Cost actual) const {
    if (actual < charged) state.log.take_back(charged_at.unix_ns(), charged - actual);
    if (actual > charged) {
      const Cost room = std::max<Cost>(most_counted - used(state, now), 0);
      charge(state, now, std::min(actual - charged, room));
    }
  }

  std::int64_t debt(const State& state, Instant now) const {
    return std::max<std::int64_t>(used(state, now) - limit_, 0);
  }

  /// The limit in each half-open window that the closed interval is covered by.
  std::optional<std::int64_t> bound(Duration interval) const {
    return saturate((1 + Int128{interval.ns() / window_.ns()}) * limit_);
  }

  static std::size_t owned_bytes(const State& state) { return state.log.owned_bytes(); }

 private:
  /// The last instant that no longer counts.
  std::int64_t expired(Instant now) const { return saturate(Int128{now.unix_ns()} - window_.ns()); }

  std::int64_t used(const State& state, Instant now) const {
    return state.log.sum_after(expired(now));
  }

  Instant newest(const State& state) const { return Instant::from_unix_ns(state.log.newest()); }

  std::int64_t limit_;
  Duration window_;
  bool count_denied_;
};

/// The catalogue entry of the sliding window log.
struct SlidingWindowLogEntry {
  using Limiter = SlidingWindowLog;

  static AlgorithmInfo info() {
    return {
        .id = "sliding-window-log",
        .summary =
            "Sliding window log: so many in any window, exactly, at the price of "
            "remembering each request",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description = "how much is admitted in any window; 0 admits nothing"},
                       {.name = "window",
                        .type = ParameterType::duration,
                        .description = "how long a request counts; one exactly a window old no "
                                       "longer does",
                        .min = 1},
                       {.name = "count_denied",
                        .type = ParameterType::boolean,
                        .description = "whether denied requests are counted too: a key that keeps "
                                       "trying then stays denied",
                        .default_value = "false"}},
        .rule =
            "count = sum of the costs counted within (now - window, now]\n"
            "admit cost c  if  count + c <= limit;  then c is counted\n"
            "deny          otherwise; nothing changes, but with count_denied c is counted",
        .source = "common practice",
        .version = "",
        .evidence = Evidence::canonical,
        .state_size = "24, and 16 for each instant remembered (at most `limit` of them matter)",
        .example = "limit=100 window=1m",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    return SlidingWindowLog(p.count("limit"), p.duration("window"), p.boolean("count_denied"));
  }
};

}  // namespace weir::limiter
