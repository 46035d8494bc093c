#include "limiter/concurrency.hpp"

#include <deque>

#include "core/random.hpp"
#include "limiter/one_key.hpp"

namespace weir::limiter {
namespace {

Concurrency slots(std::string_view setting) {
  return std::get<Concurrency>(made<ConcurrencyEntry>(setting));
}
LeasedConcurrency leases(std::string_view setting) {
  return std::get<LeasedConcurrency>(made<ConcurrencyEntry>(setting));
}

TEST(Concurrency, ASlotIsFreeWhenItsRequestHasEnded) {
  const Concurrency limiter = slots("limit=2");
  Concurrency::State state;
  limiter.charge(state, at("0s"), 1);
  EXPECT_TRUE(limiter.check(state, at("0s"), 1).allowed);
  limiter.charge(state, at("0s"), 1);
  EXPECT_FALSE(limiter.check(state, at("1h"), 1).allowed);
  limiter.complete(state, at("0s"), at("1h"), 1);
  EXPECT_TRUE(limiter.check(state, at("1h"), 1).allowed);
  EXPECT_FALSE(limiter.check(state, at("1h"), 2).allowed);
}

TEST(Concurrency, ARequestHoldsAsManySlotsAsItCosts) {
  const Concurrency limiter = slots("limit=5");
  Concurrency::State state;
  limiter.charge(state, at("0s"), 3);
  EXPECT_FALSE(limiter.check(state, at("0s"), 3).allowed);
  EXPECT_TRUE(limiter.check(state, at("0s"), 2).allowed);
  limiter.complete(state, at("0s"), at("1s"), 3);
  EXPECT_TRUE(limiter.check(state, at("1s"), 5).allowed);
  EXPECT_FALSE(limiter.check(state, at("1s"), 6).allowed);
}

TEST(Concurrency, ThoseThatWaitStartInTurn) {
  const Concurrency limiter = slots("limit=1 queue=2");
  Concurrency::State state;
  EXPECT_TRUE(limiter.starts_at_once(state, at("0s"), 1));
  limiter.charge(state, at("0s"), 1);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(limiter.check(state, at("0s"), 1).allowed);
    EXPECT_FALSE(limiter.starts_at_once(state, at("0s"), 1));
    limiter.charge(state, at("0s"), 1);
  }
  EXPECT_FALSE(limiter.check(state, at("0s"), 1).allowed);
  EXPECT_FALSE(limiter.start_waiting(state, at("0s"), 1));

  limiter.complete(state, at("0s"), at("1s"), 1);
  // The slot is free, but not for one that has just come.
  EXPECT_FALSE(limiter.starts_at_once(state, at("1s"), 1));
  EXPECT_TRUE(limiter.start_waiting(state, at("1s"), 1));
  EXPECT_FALSE(limiter.start_waiting(state, at("1s"), 1));
  EXPECT_TRUE(limiter.check(state, at("1s"), 1).allowed);
  EXPECT_FALSE(limiter.check(state, at("1s"), 2).allowed);
}

TEST(Concurrency, ALargeRequestAtTheHeadHoldsTheQueue) {
  const Concurrency limiter = slots("limit=3 queue=4");
  Concurrency::State state;
  limiter.charge(state, at("0s"), 2);
  limiter.charge(state, at("0s"), 3);
  // One slot is free, but the one that needs three waits for it.
  EXPECT_FALSE(limiter.starts_at_once(state, at("0s"), 1));
  EXPECT_TRUE(limiter.check(state, at("0s"), 1).allowed);
  EXPECT_FALSE(limiter.check(state, at("0s"), 2).allowed);
  EXPECT_FALSE(limiter.start_waiting(state, at("0s"), 3));
  limiter.complete(state, at("0s"), at("1s"), 2);
  EXPECT_TRUE(limiter.start_waiting(state, at("1s"), 3));
  EXPECT_EQ(state.running, 3);
  EXPECT_EQ(state.waiting, 0);
}

TEST(Concurrency, NeverLetsWaitWhatCouldNeverRun) {
  const Concurrency limiter = slots("limit=2 queue=10");
  const Concurrency::State state;
  EXPECT_TRUE(limiter.check(state, at("0s"), 2).allowed);
  EXPECT_FALSE(limiter.check(state, at("0s"), 3).allowed);
  EXPECT_EQ(limiter.earliest(state, at("0s"), 3), std::nullopt);
}

TEST(Concurrency, KnowsNoEarliestInstantWithoutLeases) {
  const Concurrency limiter = slots("limit=1");
  Concurrency::State state;
  EXPECT_EQ(limiter.earliest(state, at("0s"), 1), at("0s"));
  EXPECT_EQ(limiter.quota(state, at("0s")), (Quota{.limit = 1, .remaining = 1, .reset_after = {}}));
  limiter.charge(state, at("0s"), 1);
  EXPECT_EQ(limiter.earliest(state, at("0s"), 1), std::nullopt);
  EXPECT_EQ(limiter.quota(state, at("0s")),
            (Quota{.limit = 1, .remaining = 0, .reset_after = Duration::max()}));
}

TEST(Concurrency, ALeaseExpires) {
  const LeasedConcurrency limiter = leases("limit=2 slot_ttl=10s");
  LeasedConcurrency::State state;
  limiter.charge(state, at("0s"), 1);
  limiter.charge(state, at("4s"), 1);
  EXPECT_EQ(limiter.next_expiry(state, at("5s")), at("10s"));
  EXPECT_EQ(limiter.earliest(state, at("5s"), 1), at("10s"));
  EXPECT_EQ(limiter.earliest(state, at("5s"), 2), at("14s"));
  EXPECT_EQ(limiter.earliest(state, at("5s"), 3), std::nullopt);
  EXPECT_FALSE(limiter.check(state, just_before("10s"), 1).allowed);
  EXPECT_TRUE(limiter.check(state, at("10s"), 1).allowed);
  EXPECT_FALSE(limiter.check(state, just_before("14s"), 2).allowed);
  EXPECT_TRUE(limiter.check(state, at("14s"), 2).allowed);
}

TEST(Concurrency, AnEndAfterTheLeaseFreesNothingElse) {
  const LeasedConcurrency limiter = leases("limit=1 slot_ttl=10s");
  LeasedConcurrency::State state;
  limiter.charge(state, at("0s"), 1);
  limiter.charge(state, at("10s"), 1);
  limiter.complete(state, at("0s"), at("11s"), 1);
  EXPECT_FALSE(limiter.check(state, at("11s"), 1).allowed);
  limiter.complete(state, at("10s"), at("12s"), 1);
  EXPECT_TRUE(limiter.check(state, at("12s"), 1).allowed);
}

TEST(Concurrency, AnEndBeforeTheLeasesFreesItsOwn) {
  const LeasedConcurrency limiter = leases("limit=3 slot_ttl=10s");
  LeasedConcurrency::State state;
  limiter.charge(state, at("0s"), 1);
  limiter.charge(state, at("1s"), 1);
  limiter.charge(state, at("1s"), 1);
  limiter.complete(state, at("1s"), at("2s"), 1);
  EXPECT_TRUE(limiter.check(state, at("2s"), 1).allowed);
  EXPECT_FALSE(limiter.check(state, at("2s"), 2).allowed);
  EXPECT_EQ(limiter.earliest(state, at("2s"), 2), at("10s"));
  EXPECT_EQ(limiter.earliest(state, at("2s"), 3), at("11s"));
}

TEST(Concurrency, WhoWaitsMayTakeAnExpiredSlot) {
  const LeasedConcurrency limiter = leases("limit=1 queue=1 slot_ttl=10s");
  LeasedConcurrency::State state;
  limiter.charge(state, at("0s"), 1);
  limiter.charge(state, at("1s"), 1);
  EXPECT_EQ(limiter.earliest(state, at("2s"), 1), std::nullopt);
  EXPECT_FALSE(limiter.start_waiting(state, just_before("10s"), 1));
  EXPECT_TRUE(limiter.start_waiting(state, at("10s"), 1));
  // Its lease counts from its start.
  EXPECT_EQ(limiter.next_expiry(state, at("10s")), at("20s"));
  limiter.complete(state, at("10s"), at("11s"), 1);
  EXPECT_EQ(limiter.next_expiry(state, at("11s")), std::nullopt);
}

TEST(Concurrency, KeepsNoMoreLeasesThanSlots) {
  const LeasedConcurrency limiter = leases("limit=4 slot_ttl=1h");
  LeasedConcurrency::State state;
  limiter.charge(state, at("0s"), 1);
  for (int i = 1; i < 10'000; ++i) {
    const Instant now = midnight + Duration::from_ms(i);
    ASSERT_TRUE(limiter.check(state, now, 1).allowed);
    limiter.charge(state, now, 1);
    limiter.complete(state, now, now, 1);
  }
  EXPECT_LE(LeasedConcurrency::owned_bytes(state), 8 * 16U);
}

/// A request of the brute-force model: it holds its slots from `started` to `ends`, or to the end
/// of its lease.
struct Running {
  Instant started;
  Instant ends;
  Cost cost;
};

/// What an engine does with one key: it ends requests in time order before it decides at the same
/// instant, and starts those that wait in turn.
template <class L>
void expect_like_a_model(const L& limiter, std::int64_t limit, std::int64_t queue,
                         std::optional<Duration> ttl, std::uint64_t seed) {
  RandomSequence draws{RandomStream(seed)};
  typename L::State state;
  std::vector<Running> running;
  std::deque<Cost> waiting;
  Instant now = midnight;
  for (int i = 0; i < 50'000; ++i) {
    now += Duration::from_ns(static_cast<std::int64_t>(draws.below(4)));
    const auto holds = [&](const Running& r) {
      return r.ends > now && (!ttl || r.started + *ttl > now);
    };
    const auto held = [&] {
      Cost sum = 0;
      for (const Running& r : running) sum += holds(r) ? r.cost : 0;
      return sum;
    };
    for (Running& r : running) {
      if (r.ends == now) limiter.complete(state, r.started, now, r.cost);
    }
    const auto start = [&](Cost cost) {
      const auto length = static_cast<std::int64_t>(1 + draws.below(30));
      running.push_back({now, now + Duration::from_ns(length), cost});
    };
    while (!waiting.empty()) {
      const bool fits = held() + waiting.front() <= limit;
      ASSERT_EQ(limiter.start_waiting(state, now, waiting.front()), fits) << i;
      if (!fits) break;
      start(waiting.front());
      waiting.pop_front();
    }
    const auto cost = static_cast<Cost>(draws.below(4));
    Cost in_queue = 0;
    for (const Cost c : waiting) in_queue += c;
    const bool at_once = waiting.empty() && held() + cost <= limit;
    const bool allowed = cost == 0 || (cost <= limit && (at_once || in_queue + cost <= queue));
    ASSERT_EQ(limiter.check(state, now, cost).allowed, allowed) << i;
    if (allowed && cost > 0) {
      ASSERT_EQ(limiter.starts_at_once(state, now, cost), at_once) << i;
      limiter.charge(state, now, cost);
      if (at_once) {
        start(cost);
      } else {
        waiting.push_back(cost);
      }
    }
    std::erase_if(running, [&](const Running& r) { return r.ends <= now; });
  }
}

TEST(Concurrency, IsLikeAModelThatKeepsEveryRequest) {
  expect_like_a_model(slots("limit=3"), 3, 0, std::nullopt, 1);
  expect_like_a_model(slots("limit=3 queue=5"), 3, 5, std::nullopt, 2);
  expect_like_a_model(leases("limit=3 slot_ttl=15ns"), 3, 0, duration("15ns"), 3);
  expect_like_a_model(leases("limit=4 queue=5 slot_ttl=15ns"), 4, 5, duration("15ns"), 4);
}

}  // namespace
}  // namespace weir::limiter
