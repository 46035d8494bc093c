#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include "core/result.hpp"
#include "core/time.hpp"

namespace weir::limiter {

/// What a request weighs in a limiter's own units; never negative.
using Cost = std::int64_t;

/// No request costs more.
inline constexpr Cost largest_cost = Cost{1} << 53;

/// What a limiter says of a request: admit it or not, and how long to hold it back if admitted.
struct Verdict {
  bool allowed = true;
  Duration delay;

  bool operator==(const Verdict&) const = default;
};

/// What is left of a key's allowance: `remaining` of `limit` units now (the largest cost that would
/// be admitted), and the time until all of it is back if nothing else comes; Duration::max() if it
/// never will be, or if nobody knows.
struct Quota {
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  Duration reset_after;

  bool operator==(const Quota&) const = default;
};

/// The run that a limiter lives in: products that count from their own start count from `start`;
/// no instant lies further than `horizon`, at most 100 years, from it.
struct Environment {
  Instant start;
  Duration horizon = Duration::from_seconds(std::int64_t{10} * 366 * 86'400);
  /// Asks for 128-bit ticks even where 64 would do, so that all rows of a table share one type.
  bool wide_ticks = false;
};

/// A rate-limiting algorithm: a pure function of its parameters, a key's state, the time and a
/// cost. A default-constructed State is that of a key never seen. Times passed for one key never
/// go back, except where an algorithm says what it does then. A cost of 0 is allowed and leaves
/// the state untouched unless the product differs.
template <class L>
concept Limiter = std::default_initializable<typename L::State> &&
    requires(const L& l, typename L::State& s, const typename L::State& cs, Instant now,
             Duration interval, Cost c) {
  /// Looks, changes nothing.
  { l.check(cs, now, c) } -> std::same_as<Verdict>;
  /// What an admission costs; only after check() allowed the same request in the same state.
  { l.charge(s, now, c) } -> std::same_as<void>;
  /// What a denial costs, where it costs anything; whichever limit of the policy denied.
  { l.charge_denied(s, now, c) } -> std::same_as<void>;
  /// When the same request would be admitted if nothing else came (`now` if it would be now);
  /// none where no wait helps.
  { l.earliest(cs, now, c) } -> std::same_as<std::optional<Instant>>;
  { l.quota(cs, now) } -> std::same_as<Quota>;
  /// The most cost that can be admitted for one key in any closed interval of that length, with
  /// costs of 1; none where there is no such bound.
  { l.bound(interval) } -> std::same_as<std::optional<std::int64_t>>;
};

/// A limiter whose product tells a denied client, in Retry-After, something else than the exact
/// wait rounded up to whole seconds; none where it sends no such header.
template <class L>
concept AdvertisesOwnWait = requires(const L& l, const typename L::State& cs, Instant now, Cost c) {
  { l.advertised_retry_after(cs, now, c) } -> std::same_as<std::optional<Duration>>;
};

/// What a product tells its client of a key's allowance, admitted or denied, as the client reads
/// it: rounded as the product rounds. Absent is what it does not tell.
struct AdvertisedQuota {
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> remaining;
  /// From now, also where the product writes an instant.
  std::optional<Duration> reset_after;

  bool operator==(const AdvertisedQuota&) const = default;
};

/// A limiter whose product tells something else than its Quota with the reset rounded up to whole
/// seconds; `state` is the one just after the decision.
template <class L>
concept AdvertisesOwnQuota = requires(const L& l, const typename L::State& cs, Instant now) {
  { l.advertised_quota(cs, now) } -> std::same_as<AdvertisedQuota>;
};

/// A limiter that takes costs which are known only once a request has ended: it corrects what was
/// charged at `charged_at` (0 if nothing was) to what the request has really cost, whether or not
/// there is room for it. debt() is how far beyond its budget that has brought a key, 0 if not.
template <class L>
concept SettlesLate = requires(const L& l, typename L::State& s, const typename L::State& cs,
                               Instant charged_at, Instant now, Cost charged, Cost actual) {
  { l.settle(s, charged_at, now, charged, actual) } -> std::same_as<void>;
  { l.debt(cs, now) } -> std::same_as<std::int64_t>;
};

/// The end of something that a limiter held: when it started, when it ended, what it holds, and
/// whether it failed for want of capacity (a time-out, an answer of "overloaded").
struct Completion {
  Instant started;
  Instant now;
  Cost cost = 1;
  bool dropped = false;
};

/// A limiter that holds what it admitted until the request has ended.
template <class L>
concept HoldsUntilEnd = requires(const L& l, typename L::State& s, const Completion& completion) {
  { l.complete(s, completion) } -> std::same_as<void>;
};

/// One that lets requests wait for what others hold: see Concurrency.
template <class L>
concept HasWaitingLine = requires(const L& l, typename L::State& s, const typename L::State& cs,
                                  Instant now, Cost c) {
  { l.starts_at_once(cs, now, c) } -> std::same_as<bool>;
  { l.start_waiting(s, now, c) } -> std::same_as<bool>;
  { l.leave_line(s, c) } -> std::same_as<void>;
};

/// One whose holds can expire: when the next one does.
template <class L>
concept HoldsExpire = requires(const L& l, const typename L::State& cs, Instant now) {
  { l.next_expiry(cs, now) } -> std::same_as<std::optional<Instant>>;
};

/// A limiter whose keys own memory beside sizeof(State): the bytes that a state holds there.
template <class L>
concept OwnsMemory = requires(const typename L::State& cs) {
  { L::owned_bytes(cs) } -> std::same_as<std::size_t>;
};

/// A limiter that says itself whether a key may be forgotten; the others' keys may be as soon as
/// their whole allowance is back.
template <class L>
concept KnowsNewStates = requires(const L& l, const typename L::State& cs, Instant now) {
  { l.is_as_new(cs, now) } -> std::same_as<bool>;
};

/// Whether a key in that state decides and tells from now on what one never seen would, so that it
/// can be forgotten.
template <Limiter L>
bool is_as_new(const L& limiter, const typename L::State& state, Instant now) {
  if constexpr (KnowsNewStates<L>) {
    return limiter.is_as_new(state, now);
  } else {
    const Quota quota = limiter.quota(state, now);
    if (quota.reset_after != Duration()) return false;
    // A log is empty once nothing counts any more.
    if constexpr (OwnsMemory<L>) return quota.remaining == quota.limit;
    return quota == limiter.quota(typename L::State(), now);
  }
}

/// The exact wait rounded up to whole seconds, as an honest gateway writes Retry-After; the longest
/// duration there is where that does not fit.
inline Duration ceil_seconds(Duration wait) {
  constexpr std::int64_t second = 1'000'000'000;
  const std::int64_t whole = wait.ns() / second;
  if (wait.ns() % second <= 0) return Duration::from_seconds(whole);
  if (whole == Duration::max().ns() / second) return Duration::max();
  return Duration::from_seconds(whole + 1);
}

/// What a denied client is told to wait; `state` is the one just after the denial.
template <Limiter L>
std::optional<Duration> advertised_retry_after(const L& limiter, const typename L::State& state,
                                               Instant now, Cost cost) {
  if constexpr (AdvertisesOwnWait<L>) {
    return limiter.advertised_retry_after(state, now, cost);
  } else {
    const std::optional<Instant> at = limiter.earliest(state, now, cost);
    if (!at) return std::nullopt;
    return ceil_seconds(*at - now);
  }
}

/// What a client is told of its allowance; `state` is the one just after the decision.
template <Limiter L>
AdvertisedQuota advertised_quota(const L& limiter, const typename L::State& state, Instant now) {
  if constexpr (AdvertisesOwnQuota<L>) {
    return limiter.advertised_quota(state, now);
  } else {
    const Quota quota = limiter.quota(state, now);
    AdvertisedQuota told{quota.limit, quota.remaining, std::nullopt};
    if (quota.reset_after != Duration::max()) told.reset_after = ceil_seconds(quota.reset_after);
    return told;
  }
}

}  // namespace weir::limiter
