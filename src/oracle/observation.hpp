#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/int128.hpp"
#include "core/time.hpp"
#include "policy/policy.hpp"

namespace weir::oracle {

/// What a request asks of one limit: `entry` is the number of its key among all that the requests
/// of its group ask for, of any limit.
struct LimitAsk {
  std::uint32_t entry = 0;
  policy::Cost cost = 1;
  /// What the request has really cost, where the limit charges that once it is known.
  std::optional<policy::Cost> real = std::nullopt;

  bool operator==(const LimitAsk&) const = default;
};

/// What an answer told of the key's allowance.
struct Told {
  std::optional<std::int64_t> remaining;
  std::optional<Duration> reset_after;
  std::optional<Duration> retry_after;
};

/// One request that a gateway has decided, at some instant from `sent` to `received`, both on the
/// client's clock.
struct Observation {
  Instant sent;
  Instant received;
  bool allowed = true;
  /// Otherwise nobody knows what became of it, nor what of its keys.
  bool is_known = true;
  std::vector<LimitAsk> asks;
  Told told;
  /// When all of the answer was there; at the earliest when it was received.
  Instant ended = Instant::min();
  /// What those of its limits say that hold requests until they end, where others are judged
  /// without them: nothing against it, that it is denied, or one or the other.
  enum class Holders : std::uint8_t { admit, deny, either };
  Holders holders = Holders::admit;
  /// Whether it may have been decided as late as it was answered, whatever holds of others.
  bool may_be_late = false;

  bool is_late() const {
    return allowed && is_known &&
           std::any_of(asks.begin(), asks.end(), [](const LimitAsk& a) { return a.real; });
  }
};

/// Requests whose decisions can depend on one another, in the order in which they were sent; those
/// of other groups do not matter to them.
struct Group {
  std::vector<std::uint32_t> observations;
  /// Each is a key of one limit, under one row of its tables.
  struct Entry {
    std::uint16_t limit = 0;
    policy::VariantIndex variant = 0;
  };
  std::vector<Entry> entries;
};

/// From which instant to which something may have happened.
struct TimeSpan {
  Instant from;
  Instant to;

  Duration width() const { return to - from; }
  TimeSpan widened(Duration by) const { return {from - by, to + by}; }
  bool operator==(const TimeSpan&) const = default;
};

/// How far what a client can know of an instant is from what the gateway's limiter makes of it.
struct Uncertainty {
  /// How far the limiter's clock can be behind, and ahead, of the gateway's own time: a clock that
  /// is read once a while, and the ticks it is rounded to.
  Duration behind;
  Duration ahead;
  /// How far the ticks of the limiter's clock are apart, where that is known: it shows the last
  /// one, counted from an even number of them. Not so much behind or ahead is likely then.
  Duration tick;
  /// The gateway's time less the client's lies in it.
  Duration least_offset;
  Duration most_offset;
  /// By so much more an outcome has to be impossible before it is called so.
  Duration margin = Duration::from_us(50);
  /// The gateway has decided what it admitted at most so long after that was sent, however late
  /// the answer came: it may have been held back, or served. Denials are neither.
  Duration decided_within = Duration::max();
  /// Whether that is believed of denials too, whose answers say themselves when they were decided.
  bool bounds_denials = false;
  /// A request may be under way to the gateway's limits for so long after its answer has ended.
  Duration lingers;
  /// An answer that comes so much later than it had to be held back was held back for too long.
  Duration late_after = Duration::from_seconds(1);
};

/// When a gateway decided a request, on the client's clock.
inline TimeSpan decided_in(const Observation& observation, const Uncertainty& uncertainty) {
  TimeSpan span{observation.sent, observation.received};
  const bool is_bounded = observation.allowed || uncertainty.bounds_denials;
  if (is_bounded && !observation.may_be_late && span.width() > uncertainty.decided_within) {
    span.to = span.from + uncertainty.decided_within;
  }
  return span;
}

/// When an admitted request was over for its limits, on the client's clock: no earlier than what
/// its answer's way can have taken before it was there.
inline TimeSpan ended_in(const Observation& observation, const Uncertainty& uncertainty) {
  const Instant there = std::max(observation.ended, observation.received);
  const bool is_bounded = there - observation.sent > uncertainty.decided_within;
  return {is_bounded ? there - uncertainty.decided_within : observation.sent,
          there + uncertainty.lingers};
}

/// A time of the client's clock on the limiter's, whatever that is like.
inline TimeSpan on_limiters_clock(TimeSpan real, const Uncertainty& uncertainty) {
  return {real.from + uncertainty.least_offset - uncertainty.behind,
          real.to + uncertainty.most_offset + uncertainty.ahead};
}

/// The first and the last tick that the limiter's clock can have shown then, where those are known.
inline TimeSpan ticks_shown(TimeSpan real, const Uncertainty& uncertainty) {
  const std::int64_t tick = uncertainty.tick.ns();
  if (tick == 0) return on_limiters_clock(real, uncertainty);
  const auto last = [&](Instant at) {
    return Instant::from_unix_ns(floor_div(at.unix_ns(), tick) * tick);
  };
  return {last(real.from + uncertainty.least_offset), last(real.to + uncertainty.most_offset)};
}

}  // namespace weir::oracle
