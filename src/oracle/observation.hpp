#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/time.hpp"
#include "policy/policy.hpp"

namespace weir::oracle {

/// What a request asks of one limit: `entry` is the number of its key among all that the requests
/// of its group ask for, of any limit.
struct LimitAsk {
  std::uint32_t entry = 0;
  policy::Cost cost = 1;

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
  /// The gateway's time less the client's lies in it.
  Duration least_offset;
  Duration most_offset;
  /// By so much more an outcome has to be impossible before it is called so.
  Duration margin = Duration::from_us(50);
  /// The gateway has decided at most so long after a request was sent; where answers are held back
  /// it says more than when they came.
  Duration decided_within = Duration::max();
  /// An answer that comes so much later than it had to be held back was held back for too long.
  Duration late_after = Duration::from_seconds(1);
};

}  // namespace weir::oracle
