#pragma once

#include <algorithm>
#include <variant>

#include "core/int128.hpp"
#include "limiter/anchor.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"
#include "limiter/virtual_schedule.hpp"

namespace weir::limiter {

/// A token bucket that tokens trickle into evenly. Its content is capacity - (TAT - now) rate, so
/// that a key's state is one number; a bucket that starts with less than its capacity starts with
/// its TAT ahead.
template <class Int>
class ContinuousTokenBucket {
 public:
  using State = typename VirtualSchedule<Int>::State;

  ContinuousTokenBucket(const Rate& rate, std::int64_t capacity, std::int64_t initial,
                        Instant origin)
      : schedule_(rate, capacity, origin),
        missing_(schedule_.clock().interval() * (capacity - initial)) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return schedule_.check(seen(state, now), now, cost);
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state = seen(state, now);
    schedule_.charge(state, now, cost);
  }

  /// A key's first request starts its bucket, even if it is denied.
  void charge_denied(State& state, Instant now, Cost cost) const {
    if (missing_ > 0 && cost > 0) state = seen(state, now);
  }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    return schedule_.earliest(seen(state, now), now, cost);
  }

  Quota quota(const State& state, Instant now) const {
    return schedule_.quota(seen(state, now), now);
  }

  void settle(State& state, Instant charged_at, Instant now, Cost charged, Cost actual) const {
    if (charged == actual) return;
    state = seen(state, now);
    schedule_.settle(state, charged_at, now, charged, actual);
  }

  std::int64_t debt(const State& state, Instant now) const {
    return schedule_.debt(seen(state, now), now);
  }

  std::optional<std::int64_t> bound(Duration interval) const {
    if (!schedule_.refills()) {
      return schedule_.capacity() - static_cast<std::int64_t>(missing_);
    }
    return schedule_.bound(interval);
  }

 private:
  State seen(const State& state, Instant now) const {
    const bool is_new = state.tat == VirtualSchedule<Int>::never;
    return {.tat = is_new ? schedule_.clock().ticks_at(now) + missing_ : state.tat};
  }

  VirtualSchedule<Int> schedule_;
  /// What a new key's bucket lacks, in ticks.
  Int missing_;
};

/// A token bucket that gets `rate.units` tokens at the end of each period of rate.per.
class IntervalTokenBucket {
 public:
  struct State {
    /// When tokens come next, as of the last change; Instant::min() for a key never seen.
    Instant refill = Instant::min();
    std::int64_t tokens = 0;
  };

  IntervalTokenBucket(const Rate& rate, std::int64_t capacity, std::int64_t initial, Anchor anchor)
      : rate_(rate), capacity_(capacity), initial_(initial), anchor_(anchor) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || cost <= seen(state, now).tokens, .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state = seen(state, now);
    state.tokens -= cost;
  }

  /// A key's first request starts its bucket, even if it is denied.
  void charge_denied(State& state, Instant now, Cost cost) const {
    if (state.refill == Instant::min() && cost > 0) state = seen(state, now);
  }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    const State s = seen(state, now);
    if (cost == 0 || cost <= s.tokens) return now;
    if (cost > capacity_ || rate_.units == 0) return std::nullopt;
    return add_saturating(now, until_refilled_to(cost, s, now));
  }

  Quota quota(const State& state, Instant now) const {
    const State s = seen(state, now);
    const bool full = s.tokens == capacity_;
    return {.limit = capacity_,
            .remaining = std::max<std::int64_t>(s.tokens, 0),
            .reset_after = full ? Duration() : until_refilled_to(capacity_, s, now)};
  }

  /// With refills counted from a key's first request, that instant is never forgotten.
  bool is_as_new(const State& state, Instant now) const {
    return anchor_ == Anchor::epoch && initial_ == capacity_ &&
           seen(state, now).tokens == capacity_;
  }

  /// What comes back above the capacity is lost.
  void settle(State& state, Instant, Instant now, Cost charged, Cost actual) const {
    if (charged == actual) return;
    state = seen(state, now);
    state.tokens = std::clamp(state.tokens + charged - actual, -most_counted, capacity_);
  }

  std::int64_t debt(const State& state, Instant now) const {
    return std::max<std::int64_t>(-seen(state, now).tokens, 0);
  }

  /// A full bucket just before a refill, and all refills after it.
  std::optional<std::int64_t> bound(Duration interval) const {
    if (rate_.units == 0) return initial_;
    const Int128 refills = ceil_div(Int128{interval.ns()}, Int128{rate_.per.ns()});
    return saturate(capacity_ + refills * std::min(Int128{rate_.units}, Int128{capacity_}));
  }

 private:
  State seen(const State& state, Instant now) const {
    if (now < state.refill) return state;
    if (state.refill == Instant::min()) {
      return {.refill = window_end(anchor_, now, rate_.per), .tokens = initial_};
    }
    const Duration since = now - state.refill;
    const std::int64_t refills = 1 + since.ns() / rate_.per.ns();
    const Duration until_next = Duration::from_ns(rate_.per.ns() - since.ns() % rate_.per.ns());
    const Int128 tokens = state.tokens + Int128{refills} * rate_.units;
    return {.refill = add_saturating(now, until_next),
            .tokens = static_cast<std::int64_t>(std::min(tokens, Int128{capacity_}))};
  }

  /// How long until the refill that brings the bucket to `tokens`, of which it has fewer.
  Duration until_refilled_to(std::int64_t tokens, const State& s, Instant now) const {
    if (rate_.units == 0) return Duration::max();
    const Int128 refills = ceil_div(Int128{tokens} - s.tokens, Int128{rate_.units});
    const Int128 until_next = Int128{s.refill.unix_ns()} - now.unix_ns();
    return Duration::from_ns(saturate(until_next + (refills - 1) * rate_.per.ns()));
  }

  Rate rate_;
  std::int64_t capacity_;
  std::int64_t initial_;
  Anchor anchor_;
};

/// The catalogue entry of the token bucket.
struct TokenBucketEntry {
  using Limiter = std::variant<ContinuousTokenBucket<std::int64_t>, ContinuousTokenBucket<Int128>,
                               IntervalTokenBucket>;

  static AlgorithmInfo info() {
    return {
        .id = "token-bucket",
        .summary =
            "Token bucket: tokens come at a rate, up to a capacity; each request takes its "
            "cost or is denied",
        .parameters =
            {{.name = "capacity",
              .type = ParameterType::count,
              .description = "how many tokens the bucket holds; 0 admits nothing"},
             {.name = "rate",
              .type = ParameterType::rate,
              .description = "how fast tokens come; 0/s never refills"},
             {.name = "refill",
              .type = ParameterType::choice,
              .description = "evenly, or the rate's whole count at the end of each of its periods",
              .default_value = "continuous",
              .choices = {"continuous", "interval"}},
             anchor_parameter("with refill=interval: periods from a key's first request, or at "
                              "multiples of their length since 1970",
                              "first-request"),
             {.name = "initial",
              .type = ParameterType::count,
              .description = "tokens of a new key at its first request (default: the capacity)",
              .optional_without_default = true}},
        .rule =
            "continuous: tokens = min(capacity, tokens + rate (now - last)), not rounded\n"
            "interval:   tokens = min(capacity, tokens + COUNT) at the end of each period of "
            "a rate of COUNT/PERIOD\n"
            "a new key has `initial` tokens at its first request, admitted or denied\n"
            "admit cost c  if  c <= tokens;  then  tokens = tokens - c\n"
            "deny          otherwise; nothing changes",
        .source = "common practice; RFC 2697 and RFC 2698 for the bucket as a meter",
        .version = "",
        .evidence = Evidence::canonical,
        .state_size =
            "8 (16 where the rate's ticks do not fit 64 bits over the horizon); 16 with "
            "refill=interval",
        .example = "capacity=20 rate=5/s",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const Rate rate = p.rate("rate");
    const std::int64_t capacity = p.count("capacity");
    const std::int64_t initial = p.has("initial") ? p.count("initial") : capacity;
    const bool by_interval = p.choice("refill") == "interval";
    if (auto problem = rate_problem("rate", rate)) return tl::unexpected(*problem);
    if (initial > capacity) {
      return tl::unexpected(MakeProblem{"initial", "must be at most the capacity"});
    }
    if (by_interval) return IntervalTokenBucket(rate, capacity, initial, anchor_of(p));
    if (anchor_of(p) != Anchor::first_request) {
      return tl::unexpected(
          MakeProblem{"anchor",
                      "has a meaning only with refill=interval: tokens that come evenly "
                      "come from no anchor"});
    }
    if (needs_wide_ticks(rate, capacity, env)) {
      return ContinuousTokenBucket<Int128>(rate, capacity, initial, env.start);
    }
    return ContinuousTokenBucket<std::int64_t>(rate, capacity, initial, env.start);
  }
};

}  // namespace weir::limiter
