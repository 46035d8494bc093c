#include "limiter/concurrency.hpp"

#include <deque>
#include <numeric>
#include <optional>
#include <vector>

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
  limiter.complete(state, {at("0s"), at("1h"), 1});
  EXPECT_TRUE(limiter.check(state, at("1h"), 1).allowed);
  EXPECT_FALSE(limiter.check(state, at("1h"), 2).allowed);
}

TEST(Concurrency, ARequestHoldsAsManySlotsAsItCosts) {
  const Concurrency limiter = slots("limit=5");
  Concurrency::State state;
  limiter.charge(state, at("0s"), 3);
  EXPECT_FALSE(limiter.check(state, at("0s"), 3).allowed);
  EXPECT_TRUE(limiter.check(state, at("0s"), 2).allowed);
  limiter.complete(state, {at("0s"), at("1s"), 3});
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

  limiter.complete(state, {at("0s"), at("1s"), 1});
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
  limiter.complete(state, {at("0s"), at("1s"), 2});
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
  limiter.complete(state, {at("0s"), at("11s"), 1});
  EXPECT_FALSE(limiter.check(state, at("11s"), 1).allowed);
  limiter.complete(state, {at("10s"), at("12s"), 1});
  EXPECT_TRUE(limiter.check(state, at("12s"), 1).allowed);
}

TEST(Concurrency, AnEndBeforeTheLeasesFreesItsOwn) {
  const LeasedConcurrency limiter = leases("limit=3 slot_ttl=10s");
  LeasedConcurrency::State state;
  limiter.charge(state, at("0s"), 1);
  limiter.charge(state, at("1s"), 1);
  limiter.charge(state, at("1s"), 1);
  limiter.complete(state, {at("1s"), at("2s"), 1});
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
  limiter.complete(state, {at("10s"), at("11s"), 1});
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
    limiter.complete(state, {now, now, 1});
  }
  EXPECT_LE(LeasedConcurrency::owned_bytes(state), 8 * 16U);
}

/// A limit on concurrency that keeps every request, and goes forward a nanosecond at a time.
class Model {
 public:
  struct Running {
    Instant started;
    Instant ends;
    Cost cost;
  };

  Model(std::int64_t limit, std::int64_t queue, std::optional<Duration> ttl)
      : limit_(limit), queue_(queue), ttl_(ttl) {}

  bool fits(Instant now, Cost cost) const {
    Cost held = 0;
    for (const Running& r : running) {
      if (!ttl_ || r.started + *ttl_ > now) held += r.cost;
    }
    return held + cost <= limit_;
  }
  bool starts_at_once(Instant now, Cost cost) const { return waiting.empty() && fits(now, cost); }
  bool admits(Instant now, Cost cost) const {
    const Cost queued = std::accumulate(waiting.begin(), waiting.end(), Cost{0});
    return cost <= limit_ && (starts_at_once(now, cost) || queued + cost <= queue_);
  }

  std::vector<Running> running;
  std::deque<Cost> waiting;

 private:
  std::int64_t limit_;
  std::int64_t queue_;
  std::optional<Duration> ttl_;
};

/// Does with one key what an engine does: it ends requests before it decides others at the same
/// instant, and starts those that wait in turn.
template <class L>
void expect_like(Model model, const L& limiter, std::uint64_t seed) {
  RandomSequence draws{RandomStream(seed)};
  typename L::State state;
  Instant now = midnight;
  const auto start = [&](Cost cost) {
    const auto length = static_cast<std::int64_t>(1 + draws.below(30));
    model.running.push_back({now, now + Duration::from_ns(length), cost});
  };
  for (int i = 0; i < 100'000; ++i) {
    now += Duration::from_ns(draws.below(3) == 0 ? 0 : 1);
    for (const Model::Running& r : model.running) {
      if (r.ends == now) limiter.complete(state, {r.started, now, r.cost});
    }
    std::erase_if(model.running, [&](const Model::Running& r) { return r.ends == now; });
    while (!model.waiting.empty()) {
      const Cost head = model.waiting.front();
      ASSERT_EQ(limiter.start_waiting(state, now, head), model.fits(now, head)) << i;
      if (!model.fits(now, head)) break;
      start(head);
      model.waiting.pop_front();
    }
    if (draws.below(4) != 0) continue;
    const auto cost = static_cast<Cost>(1 + draws.below(4));
    ASSERT_EQ(limiter.check(state, now, cost).allowed, model.admits(now, cost)) << i;
    if (!model.admits(now, cost)) continue;
    const bool at_once = model.starts_at_once(now, cost);
    ASSERT_EQ(limiter.starts_at_once(state, now, cost), at_once) << i;
    limiter.charge(state, now, cost);
    if (at_once) {
      start(cost);
    } else {
      model.waiting.push_back(cost);
    }
  }
}

TEST(Concurrency, IsLikeAModelThatKeepsEveryRequest) {
  const Duration ttl = duration("15ns");
  expect_like(Model(3, 0, std::nullopt), slots("limit=3"), 1);
  expect_like(Model(3, 5, std::nullopt), slots("limit=3 queue=5"), 2);
  expect_like(Model(3, 0, ttl), leases("limit=3 slot_ttl=15ns"), 3);
  expect_like(Model(4, 5, ttl), leases("limit=4 queue=5 slot_ttl=15ns"), 4);
}

}  // namespace
}  // namespace weir::limiter
