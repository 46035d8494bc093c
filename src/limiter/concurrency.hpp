#pragma once

#include <algorithm>
#include <variant>
#include <vector>

#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// How many slots and places in the queue a limit on concurrency has. A request of cost c takes c
/// slots until it ends, and waits, first come, first served, while they are not free.
struct ConcurrencyLimit {
  std::int64_t slots = 0;
  std::int64_t queue = 0;

  bool starts_at_once(std::int64_t running, std::int64_t waiting, Cost cost) const {
    return waiting == 0 && cost <= slots - running;
  }
  bool admits(std::int64_t running, std::int64_t waiting, Cost cost) const {
    if (cost == 0) return true;
    return cost <= slots && (starts_at_once(running, waiting, cost) || cost <= queue - waiting);
  }
  Quota quota(std::int64_t running, std::int64_t waiting, Duration reset_after) const {
    const std::int64_t free = waiting == 0 ? slots - running : 0;
    return {.limit = slots,
            .remaining = std::max(free, std::min(queue - waiting, slots)),
            .reset_after = reset_after};
  }
};

/// Not more than so many at once. The limiter keeps counts only; whoever runs it keeps the requests
/// that wait. An admitted request for which starts_at_once() is false is to be queued, first in,
/// first out; whenever slots have come free, start_waiting() says whether its head may start now,
/// and takes its slots. How long a request will wait depends on when others end, which no limiter
/// knows: Verdict::delay is 0 and earliest() is none where there is no slot.
class Concurrency {
 public:
  struct State {
    /// Costs of those that hold slots, and of those that wait for them.
    std::int64_t running = 0;
    std::int64_t waiting = 0;
  };

  explicit Concurrency(ConcurrencyLimit limit) : limit_(limit) {}

  Verdict check(const State& state, Instant, Cost cost) const {
    return {.allowed = limit_.admits(state.running, state.waiting, cost), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    (starts_at_once(state, now, cost) ? state.running : state.waiting) += cost;
  }

  void charge_denied(State&, Instant, Cost) const {}

  /// Whether a request, once admitted, need not wait; asked before charge().
  bool starts_at_once(const State& state, Instant, Cost cost) const {
    return limit_.starts_at_once(state.running, state.waiting, cost);
  }

  /// Starts the request at the head of the queue, if its slots are free.
  bool start_waiting(State& state, Instant now, Cost cost) const {
    if (!limit_.starts_at_once(state.running, 0, cost)) return false;
    state.waiting -= cost;
    state.running += cost;
    static_cast<void>(now);
    return true;
  }

  /// Lets a request go that waited and has not started.
  void leave_line(State& state, Cost cost) const { state.waiting -= cost; }

  /// Frees the slots of a request that has started.
  void complete(State& state, const Completion& completion) const {
    state.running -= completion.cost;
  }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    return std::nullopt;
  }

  /// reset_after is 0 when nothing runs, else Duration::max(): nobody knows.
  Quota quota(const State& state, Instant) const {
    const bool idle = state.running == 0 && state.waiting == 0;
    return limit_.quota(state.running, state.waiting, idle ? Duration() : Duration::max());
  }

  /// None: requests may end as fast as they come.
  std::optional<std::int64_t> bound(Duration) const { return std::nullopt; }

 private:
  ConcurrencyLimit limit_;
};

/// The same with leases: a slot is free again `slot_ttl` after it was taken, even if its request
/// has not ended; when it ends later, that frees nothing more. earliest() is when enough slots will
/// have expired, unless others wait for them already.
class LeasedConcurrency {
 public:
  /// Slots taken at one instant.
  struct Lease {
    Instant taken;
    std::int64_t slots = 0;
  };

  struct State {
    /// Of all leases, expired ones included.
    std::int64_t running = 0;
    std::int64_t waiting = 0;
    /// In the order in which they expire; none of 0 slots, so never more than there are slots.
    std::vector<Lease> leases;
  };

  LeasedConcurrency(ConcurrencyLimit limit, Duration slot_ttl)
      : limit_(limit), slot_ttl_(slot_ttl) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = limit_.admits(running(state, now), state.waiting, cost), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    if (starts_at_once(state, now, cost)) {
      take(state, now, cost);
    } else {
      state.waiting += cost;
    }
  }

  void charge_denied(State&, Instant, Cost) const {}

  bool starts_at_once(const State& state, Instant now, Cost cost) const {
    return limit_.starts_at_once(running(state, now), state.waiting, cost);
  }

  /// To be asked when a request has ended, and at next_expiry().
  bool start_waiting(State& state, Instant now, Cost cost) const {
    if (!limit_.starts_at_once(running(state, now), 0, cost)) return false;
    state.waiting -= cost;
    if (cost > 0) take(state, now, cost);
    return true;
  }

  /// When the slots that were taken first will be free again, if their requests do not end before.
  std::optional<Instant> next_expiry(const State& state, Instant now) const {
    const auto lease = first_held(state, now);
    if (lease == state.leases.end()) return std::nullopt;
    return expiry(*lease);
  }

  void leave_line(State& state, Cost cost) const { state.waiting -= cost; }

  void complete(State& state, const Completion& completion) const {
    drop_expired(state, completion.now);
    const auto lease =
        std::lower_bound(state.leases.begin(), state.leases.end(), completion.started,
                         [](const Lease& l, Instant at) { return l.taken < at; });
    if (lease == state.leases.end() || lease->taken != completion.started) return;
    lease->slots -= completion.cost;
    state.running -= completion.cost;
    if (lease->slots == 0) state.leases.erase(lease);
  }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (cost > limit_.slots || state.waiting > 0) return std::nullopt;
    std::int64_t held = running(state, now);
    for (auto lease = first_held(state, now); lease != state.leases.end(); ++lease) {
      held -= lease->slots;
      if (cost <= limit_.slots - held) return expiry(*lease);
    }
    return std::nullopt;
  }

  /// reset_after is until all slots that are held have expired, Duration::max() if some wait.
  Quota quota(const State& state, Instant now) const {
    const std::int64_t held = running(state, now);
    const Duration reset_after = state.waiting > 0 ? Duration::max()
                                 : held > 0        ? expiry(state.leases.back()) - now
                                                   : Duration();
    return limit_.quota(held, state.waiting, reset_after);
  }

  /// None: requests may end as fast as they come.
  std::optional<std::int64_t> bound(Duration) const { return std::nullopt; }

  static std::size_t owned_bytes(const State& state) {
    return state.leases.capacity() * sizeof(Lease);
  }

 private:
  using LeaseIterator = std::vector<Lease>::const_iterator;

  Instant expiry(const Lease& lease) const { return add_saturating(lease.taken, slot_ttl_); }

  LeaseIterator first_held(const State& state, Instant now) const {
    return std::find_if(state.leases.begin(), state.leases.end(),
                        [&](const Lease& lease) { return expiry(lease) > now; });
  }

  std::int64_t running(const State& state, Instant now) const {
    std::int64_t held = state.running;
    const LeaseIterator first = first_held(state, now);
    for (auto lease = state.leases.begin(); lease != first; ++lease) held -= lease->slots;
    return held;
  }

  void drop_expired(State& state, Instant now) const {
    state.running = running(state, now);
    state.leases.erase(state.leases.begin(), first_held(state, now));
  }

  void take(State& state, Instant now, Cost cost) const {
    drop_expired(state, now);
    state.running += cost;
    if (!state.leases.empty() && state.leases.back().taken == now) {
      state.leases.back().slots += cost;
    } else {
      state.leases.push_back({.taken = now, .slots = cost});
    }
  }

  ConcurrencyLimit limit_;
  Duration slot_ttl_;
};

/// The catalogue entry of the limit on concurrency.
struct ConcurrencyEntry {
  using Limiter = std::variant<Concurrency, LeasedConcurrency>;

  static AlgorithmInfo info() {
    return {
        .id = "concurrency",
        .summary = "Concurrency: so many requests at once, and so many more that wait for a slot",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description =
                            "how many slots there are; a request holds as many as it costs until "
                            "it has ended; 0 admits nothing"},
                       {.name = "queue",
                        .type = ParameterType::count,
                        .description = "how much may wait for slots, first come, first served",
                        .default_value = "0"},
                       {.name = "slot_ttl",
                        .type = ParameterType::duration,
                        .description =
                            "a slot is free again so long after it was taken, even if its request "
                            "has not ended (default: never)",
                        .min = 1,
                        .optional_without_default = true}},
        .rule =
            "admit cost c, and start it  if  nothing waits and running + c <= limit;  then  "
            "running = running + c\n"
            "admit, and let it wait      if  c <= limit and waiting + c <= queue;  then  "
            "waiting = waiting + c\n"
            "deny                        otherwise; nothing changes\n"
            "when one ends, or has held its slots for slot_ttl:  running = running - c, and "
            "those that wait start in turn",
        .source = "common practice",
        .version = "",
        .evidence = Evidence::canonical,
        .state_size = "16; with slot_ttl 40, and 16 for each instant at which slots were taken",
        .example = "limit=10",
        .advertises =
            "when the slots that it needs will have expired, where slot_ttl is set and nothing "
            "waits; else nothing, since nobody knows",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const ConcurrencyLimit limit{.slots = p.count("limit"), .queue = p.count("queue")};
    if (!p.has("slot_ttl")) return Concurrency(limit);
    return LeasedConcurrency(limit, p.duration("slot_ttl"));
  }
};

}  // namespace weir::limiter
