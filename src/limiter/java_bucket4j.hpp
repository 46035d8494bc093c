#pragma once

#include <algorithm>
#include <limits>

#include "core/int128.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// Bucket4j with one bandwidth, in its 64-bit integers: whole tokens, and what is left over of a
/// division kept for the next one.
class JavaBucket4j {
 public:
  enum class Refill { greedy, intervally };

  struct Settings {
    std::int64_t capacity = 1;
    std::int64_t refill_tokens = 1;
    std::int64_t refill_period_ns = 1;
    Refill refill = Refill::greedy;
    std::int64_t initial_tokens = 1;
  };

  struct State {
    std::int64_t tokens = 0;
    /// In units of 1 / refill_period of a token.
    std::int64_t rounding_error = 0;
    /// Unix time; a key never seen has no bucket yet.
    std::int64_t last_refill_ns = std::numeric_limits<std::int64_t>::min();
  };

  /// refill_tokens times (refill_period_ns + 1) fits 63 bits.
  explicit JavaBucket4j(const Settings& settings) : s_(settings) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || cost <= refilled(state, now).tokens, .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state = refilled(state, now);
    state.tokens -= cost;
  }

  /// The first request creates the bucket, even if it is denied.
  void charge_denied(State& state, Instant now, Cost cost) const {
    if (cost > 0 && is_new(state)) state = refilled(state, now);
  }

  /// A key's past matters although its whole allowance is back.
  bool is_as_new(const State&, Instant) const { return false; }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > s_.capacity) return std::nullopt;
    const State s = refilled(state, now);
    const Int128 lacking = Int128{cost - s.tokens};
    const Int128 wait =
        s_.refill == Refill::greedy
            ? ceil_div(lacking * s_.refill_period_ns - s.rounding_error, Int128{s_.refill_tokens}) -
                  (Int128{now.unix_ns()} - s.last_refill_ns)
            : until_next_refill(s, now) +
                  (ceil_div(lacking, Int128{s_.refill_tokens}) - 1) * s_.refill_period_ns;
    const Int128 at = now.unix_ns() + wait;
    if (at > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return Instant::from_unix_ns(static_cast<std::int64_t>(at));
  }

  Quota quota(const State& state, Instant now) const {
    return {.limit = s_.capacity,
            .remaining = refilled(state, now).tokens,
            .reset_after = wait_until(earliest(state, now, s_.capacity), now)};
  }

  std::optional<std::int64_t> bound(Duration interval) const {
    const Int128 ns = interval.ns();
    const Int128 flows_in = s_.refill == Refill::greedy
                                ? ns * s_.refill_tokens / s_.refill_period_ns
                                : ceil_div(ns, Int128{s_.refill_period_ns}) * s_.refill_tokens;
    return saturate(s_.capacity + flows_in);
  }

  /// nanosToWaitForRefill, rounded down to whole nanoseconds; nothing for a cost above the
  /// capacity.
  std::optional<Duration> advertised_retry_after(const State& state, Instant now, Cost cost) const {
    if (cost > s_.capacity) return std::nullopt;
    return told_wait(refilled(state, now), now, cost);
  }

  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    const State s = refilled(state, now);
    return {std::nullopt, s.tokens, told_wait(s, now, s_.capacity)};
  }

 private:
  static bool is_new(const State& state) {
    return state.last_refill_ns == std::numeric_limits<std::int64_t>::min();
  }

  Int128 until_next_refill(const State& refilled, Instant now) const {
    return Int128{refilled.last_refill_ns} + s_.refill_period_ns - now.unix_ns();
  }

  Duration told_wait(const State& refilled, Instant now, Cost cost) const {
    const Int128 lacking = Int128{cost} - refilled.tokens;
    if (lacking <= 0) return {};
    if (s_.refill == Refill::greedy) {
      const Int128 parts = lacking * s_.refill_period_ns - refilled.rounding_error;
      return Duration::from_ns(saturate(parts / s_.refill_tokens));
    }
    const Int128 periods = ceil_div(lacking, Int128{s_.refill_tokens}) - 1;
    return Duration::from_ns(
        saturate(until_next_refill(refilled, now) + periods * s_.refill_period_ns));
  }

  /// The bucket as a request finds it.
  State refilled(const State& state, Instant now) const {
    const std::int64_t now_ns = now.unix_ns();
    if (is_new(state)) {
      return {.tokens = s_.initial_tokens, .rounding_error = 0, .last_refill_ns = now_ns};
    }
    Int128 elapsed = Int128{now_ns} - state.last_refill_ns;
    if (s_.refill == Refill::intervally) elapsed -= elapsed % s_.refill_period_ns;
    if (elapsed <= 0) return state;
    State next = state;
    next.last_refill_ns = static_cast<std::int64_t>(state.last_refill_ns + elapsed);
    if (state.tokens >= s_.capacity) return next;
    const Int128 parts = elapsed * s_.refill_tokens + state.rounding_error;
    const Int128 tokens = state.tokens + parts / s_.refill_period_ns;
    if (tokens >= s_.capacity) {
      next.tokens = s_.capacity;
      next.rounding_error = 0;
    } else {
      next.tokens = static_cast<std::int64_t>(tokens);
      next.rounding_error = static_cast<std::int64_t>(parts % s_.refill_period_ns);
    }
    return next;
  }

  Settings s_;
};

/// The catalogue entry of Bucket4j.
struct JavaBucket4jEntry {
  using Limiter = JavaBucket4j;

  static AlgorithmInfo info() {
    return {
        .id = "java-bucket4j",
        .summary = "Bucket4j: whole tokens, refilled one by one or by interval, in 64-bit integers",
        .parameters = {{.name = "capacity",
                        .type = ParameterType::count,
                        .description = "what the bucket holds",
                        .min = 1},
                       {.name = "refill_tokens",
                        .type = ParameterType::count,
                        .description = "tokens per refill_period, at most one per nanosecond",
                        .min = 1},
                       {.name = "refill_period",
                        .type = ParameterType::duration,
                        .description = "how long refill_tokens take",
                        .min = 1},
                       {.name = "refill",
                        .type = ParameterType::choice,
                        .description = "greedy: each token as soon as it is due; intervally: all "
                                       "at the end of each period",
                        .default_value = "greedy",
                        .choices = {"greedy", "intervally"}},
                       {.name = "initial_tokens",
                        .type = ParameterType::count,
                        .description = "what the bucket starts with (default: capacity)",
                        .optional_without_default = true}},
        .rule =
            "a key's bucket is created by its first request:\n"
            "tokens = initial_tokens, err = 0, last = now\n"
            "intervally: now is the last whole number of periods after last\n"
            "parts = refill_tokens (now - last) + err\n"
            "tokens += floor(parts / refill_period); err = parts mod refill_period\n"
            "if tokens >= capacity:  tokens = capacity, err = 0\n"
            "admit cost c  if tokens >= c:  tokens -= c, last = now\n"
            "deny          otherwise; nothing changes\n"
            "a cost of 0, which Bucket4j refuses, is let in",
        .source = "BucketState64BitsInteger.java",
        .version = "731354a7",
        .evidence = Evidence::checked_against_program,
        .state_size = "24",
        .example = "capacity=20 refill_tokens=5 refill_period=1s",
        .advertises =
            "no headers of its own; to its caller (ConsumptionProbe) the tokens left, and the "
            "waits for the request and until the bucket is full, with greedy rounded down to "
            "whole ns, so that they can be 1 ns too short",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const std::int64_t capacity = p.count("capacity");
    const std::int64_t tokens = p.count("refill_tokens");
    const std::int64_t period = p.duration("refill_period").ns();
    if (tokens > period) {
      return tl::unexpected(MakeProblem{
          "refill_tokens", "must be at most one per nanosecond: Bucket4j refuses a rate above"});
    }
    if (Int128{tokens} * (Int128{period} + 1) > std::numeric_limits<std::int64_t>::max()) {
      return tl::unexpected(MakeProblem{"refill_tokens",
                                        "times refill_period in nanoseconds must fit 63 bits: "
                                        "above, Bucket4j reckons in doubles"});
    }
    const std::int64_t initial = p.has("initial_tokens") ? p.count("initial_tokens") : capacity;
    if (initial > capacity) {
      return tl::unexpected(MakeProblem{"initial_tokens", "must be at most capacity"});
    }
    const bool greedy = p.choice("refill") == "greedy";
    return JavaBucket4j(
        {.capacity = capacity,
         .refill_tokens = tokens,
         .refill_period_ns = period,
         .refill = greedy ? JavaBucket4j::Refill::greedy : JavaBucket4j::Refill::intervally,
         .initial_tokens = initial});
  }
};

}  // namespace weir::limiter
