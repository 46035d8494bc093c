#pragma once

#include <variant>

#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/virtual_schedule.hpp"

namespace weir::limiter {

/// A queue that lets one unit leave every 1/rate and holds back what came before its turn. A unit
/// that would wait longer than capacity/rate is denied, so that one that leaves at once and
/// `capacity` that wait are admitted at one instant: the decisions are those of a schedule with an
/// allowance of capacity + 1, whose TAT is when the next unit may leave.
template <class Int>
class LeakyBucketQueue {
 public:
  using State = typename VirtualSchedule<Int>::State;

  LeakyBucketQueue(const Rate& rate, std::int64_t capacity, Instant origin)
      : schedule_(rate, capacity + 1, origin) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    const bool allowed = schedule_.check(state, now, cost).allowed;
    if (!allowed || cost == 0) return {.allowed = allowed, .delay = {}};
    const Int t = schedule_.clock().ticks_at(now);
    const Int leaves = std::max(state.tat, t) + schedule_.clock().interval() * (cost - 1);
    return {.allowed = true, .delay = schedule_.clock().duration_at_least(leaves - t)};
  }

  void charge(State& state, Instant now, Cost cost) const { schedule_.charge(state, now, cost); }
  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    return schedule_.earliest(state, now, cost);
  }
  Quota quota(const State& state, Instant now) const { return schedule_.quota(state, now); }
  std::optional<std::int64_t> bound(Duration interval) const { return schedule_.bound(interval); }

 private:
  VirtualSchedule<Int> schedule_;
};

/// The catalogue entry of the leaky bucket as a queue.
struct LeakyBucketQueueEntry {
  using Limiter = std::variant<LeakyBucketQueue<std::int64_t>, LeakyBucketQueue<Int128>>;

  static AlgorithmInfo info() {
    return {
        .id = "leaky-bucket-queue",
        .summary =
            "Leaky bucket as a queue: requests leave one every 1/rate, wait for their turn, "
            "and are denied when too many wait",
        .parameters = {{.name = "capacity",
                        .type = ParameterType::count,
                        .description = "how many may wait; the one that leaves at once is beside "
                                       "them",
                        .max = (std::int64_t{1} << 53) - 1},
                       {.name = "rate",
                        .type = ParameterType::rate,
                        .description = "how fast they leave, above 0"}},
        .rule =
            "a unit leaves at  d = max(now, last + 1/rate);  a new key's leaves at once\n"
            "cost c takes c units one after the other and leaves with the last of them\n"
            "admit  if  d - now <= capacity / rate for the last;  then  last = d, and the "
            "request is held back for d - now, rounded up to a nanosecond\n"
            "deny   otherwise; nothing changes",
        .source =
            "J. Turner, New directions in communications, IEEE Communications Magazine 24 "
            "(10), 1986; as a queue: A. Tanenbaum, Computer Networks",
        .version = "",
        .evidence = Evidence::canonical,
        .state_size = "8 (16 where the rate's ticks do not fit 64 bits over the horizon)",
        .example = "capacity=20 rate=5/s",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const Rate rate = p.rate("rate");
    const std::int64_t capacity = p.count("capacity");
    if (auto problem = positive_rate_problem("rate", rate)) return tl::unexpected(*problem);
    if (needs_wide_ticks(rate, capacity + 1, env)) {
      return LeakyBucketQueue<Int128>(rate, capacity, env.start);
    }
    return LeakyBucketQueue<std::int64_t>(rate, capacity, env.start);
  }
};

}  // namespace weir::limiter
