#pragma once

#include <algorithm>
#include <numeric>
#include <string>

#include "core/int128.hpp"
#include "limiter/anchor.hpp"
#include "limiter/cost_log.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// A window that slides by one segment at a time: it covers the segment of now and those before it
/// that make up a window together. Segment k begins at the first nanosecond at or after
/// k window / segments, counted from the anchor.
class SlidingWindowSegments {
 public:
  struct State {
    /// Positions are numbers of segments, counted from the log's origin.
    CostLog log;

    bool operator==(const State&) const = default;
  };

  SlidingWindowSegments(std::int64_t limit, Duration window, std::int64_t segments, Anchor anchor)
      : limit_(limit), window_(window), segments_(segments), anchor_(anchor) {
    const std::int64_t divisor = std::gcd(segments, window.ns());
    reduced_segments_ = segments / divisor;
    reduced_window_ = window.ns() / divisor;
  }

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || cost <= limit_ - used(state, now), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    if (used(state, now) == 0) {
      state.log.start(anchor_ == Anchor::epoch ? 0 : now.unix_ns());
    }
    const std::int64_t segment = segment_at(state.log.origin(), now);
    state.log.add(segment, cost, segment - segments_);
  }

  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (cost == 0) return now;
    if (cost > limit_) return std::nullopt;
    if (!state.log.started()) return now;
    const auto last_to_go = state.log.position_leaving(expired(state, now), limit_ - cost);
    return last_to_go ? leaves_at(state, *last_to_go) : now;
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t count = used(state, now);
    return {.limit = limit_,
            .remaining = std::max<std::int64_t>(limit_ - count, 0),
            .reset_after = count == 0 ? Duration() : leaves_at(state, state.log.newest()) - now};
  }

  void settle(State& state, Instant charged_at, Instant now, Cost charged, Cost actual) const {
    if (actual < charged && state.log.started()) {
      state.log.take_back(segment_at(state.log.origin(), charged_at), charged - actual);
    }
    if (actual > charged) {
      const Cost room = std::max<Cost>(most_counted - used(state, now), 0);
      charge(state, now, std::min(actual - charged, room));
    }
  }

  std::int64_t debt(const State& state, Instant now) const {
    return std::max<std::int64_t>(used(state, now) - limit_, 0);
  }

  /// The limit in each window's worth of the segments that the interval can touch.
  std::optional<std::int64_t> bound(Duration interval) const {
    const Int128 touched = 1 + ceil_div(Int128{interval.ns()} * segments_, Int128{window_.ns()});
    return saturate(ceil_div(touched, Int128{segments_}) * limit_);
  }

  static std::size_t owned_bytes(const State& state) { return state.log.owned_bytes(); }

 private:
  std::int64_t segment_at(std::int64_t origin, Instant at) const {
    const std::int64_t elapsed = at.unix_ns() - origin;
    return mul_div_floor(elapsed, reduced_segments_, reduced_window_);
  }

  /// The last segment that no longer counts.
  std::int64_t expired(const State& state, Instant now) const {
    return segment_at(state.log.origin(), now) - segments_;
  }

  std::int64_t used(const State& state, Instant now) const {
    return state.log.started() ? state.log.sum_after(expired(state, now)) : 0;
  }

  /// The first instant at which that segment no longer counts.
  Instant leaves_at(const State& state, std::int64_t segment) const {
    const Int128 begins = ceil_div(Int128{segment} * reduced_window_, Int128{reduced_segments_});
    return Instant::from_unix_ns(saturate(state.log.origin() + begins + window_.ns()));
  }

  std::int64_t limit_;
  Duration window_;
  std::int64_t segments_;
  /// segments / window in lowest terms, which mostly keeps products within 64 bits.
  std::int64_t reduced_segments_;
  std::int64_t reduced_window_;
  Anchor anchor_;
};

/// The catalogue entry of the sliding window in segments.
struct SlidingWindowSegmentsEntry {
  using Limiter = SlidingWindowSegments;

  static AlgorithmInfo info() {
    return {
        .id = "sliding-window-segments",
        .summary =
            "Sliding window in segments: the window moves on by one segment at a time, and "
            "a segment's whole count leaves it at once",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description = "how much is admitted in a window; 0 admits nothing"},
                       {.name = "window",
                        .type = ParameterType::duration,
                        .description = "how long a window is",
                        .min = 1},
                       {.name = "segments",
                        .type = ParameterType::count,
                        .description =
                            "how many equal parts the window has, at most one per nanosecond; 1 "
                            "makes a fixed window",
                        .min = 1,
                        .max = 3600},
                       anchor_parameter(
                           "windows at multiples of their length since 1970, or from a key's "
                           "first counted request, and from a new one once nothing is in the "
                           "window any more",
                           "epoch")},
        .rule =
            "segment = floor((now - anchor) segments / window)\n"
            "count = sum of what was admitted in this segment and the segments - 1 before it\n"
            "admit cost c  if  count + c <= limit;  then c is counted in this segment\n"
            "deny          otherwise; nothing changes",
        .source = "common practice",
        .version = "",
        .evidence = Evidence::canonical,
        .state_size = "24, and 16 for each segment that something was admitted in",
        .example = "limit=100 window=1m segments=6",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Duration window = p.duration("window");
    const std::int64_t segments = p.count("segments");
    if (segments > window.ns()) {
      return tl::unexpected(
          MakeProblem{"segments", "must be at most one per nanosecond of the window"});
    }
    return SlidingWindowSegments(p.count("limit"), window, segments, anchor_of(p));
  }
};

}  // namespace weir::limiter
