#pragma once

#include <algorithm>

#include "core/int128.hpp"
#include "limiter/anchor.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// Two fixed windows' counters, of which the older counts in proportion to what the sliding window
/// still covers of it; in exact rational arithmetic.
class SlidingWindowCounter {
 public:
  struct State {
    /// Of the window that was counted in last.
    Instant end = Instant::min();
    std::int64_t current = 0;
    std::int64_t previous = 0;
  };

  SlidingWindowCounter(std::int64_t limit, Duration window, Anchor anchor, bool count_denied)
      : limit_(limit), window_(window), anchor_(anchor), count_denied_(count_denied) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    const State s = seen(state, now);
    const Int128 used = weighted(s.previous, s.end - now) + weighted(s.current, window_);
    return {.allowed = cost == 0 || used + weighted(cost, window_) <= weighted(limit_, window_),
            .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state = seen(state, now);
    state.current = std::min(state.current + cost, most_counted);
  }

  void charge_denied(State& state, Instant now, Cost cost) const {
    // With a limit of 0 there is nothing that denials could keep away.
    if (count_denied_ && limit_ > 0) charge(state, now, cost);
  }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > limit_) return std::nullopt;
    const State s = seen(state, now);
    // Within this window the previous one has to fade; within the next, this one.
    const Duration left = fading(s.previous, limit_ - cost - s.current);
    if (left.ns() > 0) return s.end - left;
    const Instant next_end = add_saturating(s.end, window_);
    return next_end - std::min(fading(s.current, limit_ - cost), next_end - s.end);
  }

  Quota quota(const State& state, Instant now) const {
    const State s = seen(state, now);
    const std::int64_t faded = faded_previous(s, now);
    return {.limit = limit_,
            .remaining = std::max<std::int64_t>(limit_ - s.current - faded, 0),
            .reset_after = s.current > 0    ? s.end - now + window_
                           : s.previous > 0 ? s.end - now
                                            : Duration()};
  }

  void settle(State& state, Instant charged_at, Instant now, Cost charged, Cost actual) const {
    if (actual > charged) charge(state, now, actual - charged);
    if (actual >= charged) return;
    State s = seen(state, now);
    const Instant begin = s.end - window_;
    const bool is_empty = s.current == 0 && s.previous == 0;
    if (is_empty || charged_at < begin - window_) return;
    std::int64_t& counted = charged_at < begin ? s.previous : s.current;
    counted = std::max<std::int64_t>(counted - (charged - actual), 0);
    state = s;
  }

  std::int64_t debt(const State& state, Instant now) const {
    const State s = seen(state, now);
    return saturate(std::max<Int128>(Int128{s.current} + faded_previous(s, now) - limit_, 0));
  }

  /// The limit at the end of one window, again at the end of each one after it (with none between
  /// that still count), and in the last as much as of the one before it has faded by then.
  std::optional<std::int64_t> bound(Duration interval) const {
    if (interval.ns() == 0) return limit_;
    return saturate(limit_ + Int128{interval.ns() - 1} * limit_ / window_.ns());
  }

 private:
  static Int128 weighted(std::int64_t count, Duration part) { return Int128{count} * part.ns(); }

  /// The counters at `now`: those of its window and of the one before.
  State seen(const State& state, Instant now) const {
    if (now < state.end) return state;
    const bool next = state.end != Instant::min() && now - state.end < window_;
    if (!next) return {.end = window_end(anchor_, now, window_)};
    return {.end = add_saturating(state.end, window_), .current = 0, .previous = state.current};
  }

  /// What the sliding window covers of the window before, rounded up.
  std::int64_t faded_previous(const State& s, Instant now) const {
    return saturate(ceil_div(weighted(s.previous, s.end - now), Int128{window_.ns()}));
  }

  /// How long before its window's end the count of the window before is down to `room`.
  Duration fading(std::int64_t previous, std::int64_t room) const {
    if (room < 0) return {};
    if (previous <= room) return window_;
    return Duration::from_ns(static_cast<std::int64_t>(weighted(room, window_) / Int128{previous}));
  }

  std::int64_t limit_;
  Duration window_;
  Anchor anchor_;
  bool count_denied_;
};

/// The catalogue entry of the sliding window counter.
struct SlidingWindowCounterEntry {
  using Limiter = SlidingWindowCounter;

  static AlgorithmInfo info() {
    return {
        .id = "sliding-window-counter",
        .summary =
            "Sliding window counter: this window's count and the share of the last one's "
            "that the sliding window still covers",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description = "how much is admitted in a window; 0 admits nothing"},
                       {.name = "window",
                        .type = ParameterType::duration,
                        .description = "how long a window is",
                        .min = 1},
                       anchor_parameter(
                           "windows at multiples of their length since 1970, or from a key's "
                           "first counted request, and from a new one once both are empty",
                           "epoch"),
                       {.name = "count_denied",
                        .type = ParameterType::boolean,
                        .description = "whether denied requests are counted too",
                        .default_value = "false"}},
        .rule =
            "elapsed = now - when this window began, from 0 to below window\n"
            "used = previous (window - elapsed) / window + current, not rounded\n"
            "admit cost c  if  used + c <= limit;  then  current = current + c\n"
            "deny          otherwise; nothing changes, but with count_denied  "
            "current = current + c\n"
            "when a window ends, its count becomes the previous one",
        .source =
            "J. Desgats, How we built rate limiting capable of scaling to millions of "
            "domains, Cloudflare, 2017",
        .version = "",
        .evidence = Evidence::canonical,
        .state_size = "24",
        .example = "limit=100 window=1m",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    return SlidingWindowCounter(p.count("limit"), p.duration("window"), anchor_of(p),
                                p.boolean("count_denied"));
  }
};

}  // namespace weir::limiter
