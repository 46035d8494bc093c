#pragma once

#include <algorithm>

#include "limiter/anchor.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// A counter that starts at 0 in every window.
class FixedWindow {
 public:
  struct State {
    /// Of the window that was counted in last; a later request opens another.
    Instant end = Instant::min();
    std::int64_t count = 0;
  };

  FixedWindow(std::int64_t limit, Duration window, Anchor anchor, bool count_denied)
      : limit_(limit), window_(window), anchor_(anchor), count_denied_(count_denied) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || cost <= limit_ - used(state, now), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    const std::int64_t before = used(state, now);
    if (now >= state.end) state.end = window_end(anchor_, now, window_);
    // Exact also beyond the limit: a refund may bring the count back below it.
    state.count = std::min(before + cost, most_counted);
  }

  void charge_denied(State& state, Instant now, Cost cost) const {
    // With a limit of 0 there is nothing that denials could keep away.
    if (count_denied_ && limit_ > 0) charge(state, now, cost);
  }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > limit_) return std::nullopt;
    return state.end;
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t count = used(state, now);
    return {.limit = limit_,
            .remaining = std::max<std::int64_t>(limit_ - count, 0),
            .reset_after = count == 0 ? Duration() : state.end - now};
  }

  void settle(State& state, Instant charged_at, Instant now, Cost charged, Cost actual) const {
    if (actual > charged) charge(state, now, actual - charged);
    const bool still_counts = now < state.end && charged_at >= state.end - window_;
    if (actual >= charged || !still_counts) return;
    state.count = std::max<std::int64_t>(state.count - (charged - actual), 0);
  }

  std::int64_t debt(const State& state, Instant now) const {
    return std::max<std::int64_t>(used(state, now) - limit_, 0);
  }

  /// The limit in every window that the interval can touch: from the last nanosecond of one on.
  std::optional<std::int64_t> bound(Duration interval) const {
    return saturate((1 + ceil_div(Int128{interval.ns()}, Int128{window_.ns()})) * limit_);
  }

 private:
  std::int64_t used(const State& state, Instant now) const {
    return now < state.end ? state.count : 0;
  }

  std::int64_t limit_;
  Duration window_;
  Anchor anchor_;
  bool count_denied_;
};

/// The catalogue entry of the fixed window.
struct FixedWindowEntry {
  using Limiter = FixedWindow;

  static AlgorithmInfo info() {
    return {
        .id = "fixed-window",
        .summary =
            "Fixed window: so many in each window, whose counter then starts anew; up to "
            "twice as many around a border",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description = "how much is admitted in a window; 0 admits nothing"},
                       {.name = "window",
                        .type = ParameterType::duration,
                        .description = "how long a window is",
                        .min = 1},
                       anchor_parameter(
                           "windows at multiples of their length since 1970, or from a key's "
                           "first counted request and again from the first one at or after its "
                           "end",
                           "epoch"),
                       {.name = "count_denied",
                        .type = ParameterType::boolean,
                        .description =
                            "whether denied requests are counted too: a key that goes beyond the "
                            "limit then stays denied to the window's end",
                        .default_value = "false"}},
        .rule =
            "count = 0 when a window begins; a window holds its beginning, not its end\n"
            "admit cost c  if  count + c <= limit;  then  count = count + c\n"
            "deny          otherwise; nothing changes, but with count_denied  "
            "count = count + c",
        .source = "common practice",
        .version = "",
        .evidence = Evidence::canonical,
        .state_size = "16",
        .example = "limit=100 window=1m",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    return FixedWindow(p.count("limit"), p.duration("window"), anchor_of(p),
                       p.boolean("count_denied"));
  }
};

}  // namespace weir::limiter
