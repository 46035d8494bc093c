#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/random_traffic.hpp"
#include "conformance/settings.hpp"
#include "core/int128.hpp"
#include "limiter/catalogue.hpp"
#include "limiter/one_key.hpp"
#include "policy/keyed_limiter.hpp"

// Every limiter that takes costs which are known only at the end of a request.

namespace weir::limiter {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int settle_steps = 200;
#else
constexpr int settle_steps = 1'500;
#endif

/// The last instant that a run may reach.
constexpr Instant run_end = midnight + Environment{}.horizon;

/// Three keys of a limiter, of which the first is walked and the others are for what-if.
class Settler {
 public:
  Settler(std::string_view id, std::string_view setting, Environment environment = {midnight}) {
    const Parsed<Parameters> parameters = parameters_of(*find_algorithm(id), setting);
    EXPECT_TRUE(parameters) << parameters.error();
    auto made = policy::make_keyed_limiter(id, {&*parameters, 1}, environment);
    EXPECT_TRUE(made) << made.error().message;
    limiter_ = std::move(*made);
    limiter_->reset(4);
  }

  bool allows(Instant now, Cost cost, policy::KeyIndex key = 0) const {
    return limiter_->check(of(key, now, cost)).allowed;
  }
  bool decide(Instant now, Cost cost, policy::KeyIndex key = 0) {
    const bool allowed = allows(now, cost, key);
    if (allowed) {
      limiter_->charge(of(key, now, cost));
    } else {
      limiter_->charge_denied(of(key, now, cost));
    }
    return allowed;
  }
  std::int64_t settle(Instant charged_at, Instant now, Cost charged, Cost actual,
                      policy::KeyIndex key = 0) {
    return limiter_->settle(of(key, now, actual), charged_at, charged);
  }
  /// A settlement of nothing.
  std::int64_t debt(Instant now, policy::KeyIndex key = 0) const {
    return limiter_->settle(of(key, now, 0), now, 0);
  }
  std::optional<Instant> earliest(Instant now, Cost cost, policy::KeyIndex key = 0) const {
    return limiter_->earliest(of(key, now, cost));
  }
  Quota quota(Instant now, policy::KeyIndex key = 0) const {
    return limiter_->quota(of(key, now, 1));
  }
  void copy(policy::KeyIndex from, policy::KeyIndex to) { limiter_->copy_state(from, to); }
  void forget() { copy(blank, 0); }

 private:
  static constexpr policy::KeyIndex blank = 3;

  static policy::Charge of(policy::KeyIndex key, Instant now, Cost cost) {
    return {.key = key, .variant = 0, .now = now, .cost = cost};
  }
  std::unique_ptr<policy::KeyedLimiter> limiter_;
};

struct Outstanding {
  Instant charged_at;
  Cost charged = 0;
};

/// What watches a walk of random requests, some of which are settled later.
class SettleObserver {
 public:
  virtual ~SettleObserver() = default;
  virtual void new_key() {}
  virtual void requested(Instant, Cost, bool /*allowed*/) {}
  virtual void before_settling(Instant, const Outstanding&, Cost) {}
  virtual void settled(Instant, const Outstanding&, Cost) {}
  virtual void after(Instant) {}
};

void walk_and_settle(Settler& settler, const Parameters& parameters, SettleObserver& observer) {
  RandomTraffic traffic(parameters, RandomSequence(RandomStream(5)));
  std::vector<Outstanding> outstanding;
  std::optional<Instant> promised;
  Instant now = midnight;
  for (int i = 0; i < settle_steps && !testing::Test::HasFailure(); ++i) {
    now = traffic.next_instant(now, promised);
    promised.reset();
    if (now > run_end) {
      settler.forget();
      outstanding.clear();
      now = midnight;
      observer.new_key();
      continue;
    }
    if (!outstanding.empty() && traffic.below(3) == 0) {
      const std::size_t index = traffic.below(outstanding.size());
      const Outstanding one = outstanding[index];
      outstanding.erase(outstanding.begin() + static_cast<std::ptrdiff_t>(index));
      const auto most = static_cast<std::uint64_t>(2 * one.charged + 3);
      const auto actual = static_cast<Cost>(traffic.below(most));
      observer.before_settling(now, one, actual);
      settler.settle(one.charged_at, now, one.charged, actual);
      observer.settled(now, one, actual);
    } else {
      const Cost cost = traffic.next_cost(std::min<Cost>(settler.quota(now).limit, 1'000'000));
      const bool allowed = settler.decide(now, cost);
      if (allowed && outstanding.size() < 50) outstanding.push_back({now, cost});
      if (!allowed) promised = settler.earliest(now, cost);
      if (promised > run_end) promised.reset();
      observer.requested(now, cost, allowed);
    }
    observer.after(now);
  }
}

std::vector<std::string_view> late_settling_ids() {
  std::vector<std::string_view> ids;
  for (const AlgorithmInfo& info : catalogue()) {
    // LiteLLM admits without a look at the cost, by a rule of its own: see litellm_test.cpp.
    if (settles_late(info.id) && info.id != "litellm") ids.push_back(info.id);
  }
  return ids;
}

std::string settling_name(const testing::TestParamInfo<std::string_view>& tested) {
  std::string name(tested.param);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class SettlesLateTest : public testing::TestWithParam<std::string_view> {
 protected:
  /// Walks each setting of the entry's conformance case, with ticks of either width.
  template <class Observer>
  void observe_all() {
    for (const std::string& setting : find_case(GetParam())->settings) {
      for (const bool wide_ticks : {false, true}) {
        SCOPED_TRACE(setting + (wide_ticks ? ", wide ticks" : ""));
        Settler settler(GetParam(), setting, {.start = midnight, .wide_ticks = wide_ticks});
        Observer observer(settler);
        walk_and_settle(settler, *parameters_of(*find_algorithm(GetParam()), setting), observer);
      }
    }
  }
};

/// In debt or not, what a limiter tells is what it does.
class TellsTheTruth : public SettleObserver {
 public:
  explicit TellsTheTruth(const Settler& settler) : settler_(settler) {}

  void after(Instant now) override {
    const Quota quota = settler_.quota(now);
    const std::int64_t debt = settler_.debt(now);
    ASSERT_GE(debt, 0);
    ASSERT_GE(quota.remaining, 0);
    ASSERT_TRUE(settler_.allows(now, 0) || debt > 0) << "a cost of 0 is denied";
    if (debt > 0) {
      ASSERT_EQ(quota.remaining, 0);
    }
    if (quota.remaining > 0) {
      ASSERT_TRUE(settler_.allows(now, quota.remaining));
    }
    if (quota.remaining < largest_cost) {
      ASSERT_FALSE(settler_.allows(now, quota.remaining + 1));
    }
    for (const Cost cost : {Cost{1}, std::max<Cost>(quota.limit / 2, 1), quota.limit}) {
      expect_exact(now, cost);
    }
  }

 private:
  void expect_exact(Instant now, Cost cost) const {
    const std::optional<Instant> earliest = settler_.earliest(now, cost);
    if (!earliest || *earliest > run_end) return;
    ASSERT_TRUE(settler_.allows(*earliest, cost)) << format_instant(now) << " cost " << cost;
    if (*earliest == now) return;
    ASSERT_FALSE(settler_.allows(now, cost)) << format_instant(now) << " cost " << cost;
    ASSERT_FALSE(settler_.allows(*earliest - Duration::from_ns(1), cost))
        << format_instant(now) << " cost " << cost;
  }

  const Settler& settler_;
};

TEST_P(SettlesLateTest, TellsTheTruthInDebt) { observe_all<TellsTheTruth>(); }

/// Compares two keys by what they will do.
void expect_alike(const Settler& settler, Instant now, policy::KeyIndex a, policy::KeyIndex b) {
  for (const char* later : {"0", "1ns", "99ms", "700ms", "5s", "61s", "2h"}) {
    const Instant then = now + duration(later);
    const Quota quota = settler.quota(then, a);
    ASSERT_EQ(quota, settler.quota(then, b)) << later;
    ASSERT_EQ(settler.debt(then, a), settler.debt(then, b)) << later;
    for (const Cost cost : {Cost{0}, Cost{1}, quota.limit}) {
      ASSERT_EQ(settler.allows(then, cost, a), settler.allows(then, cost, b)) << later;
      ASSERT_EQ(settler.earliest(then, cost, a), settler.earliest(then, cost, b)) << later;
    }
  }
}

class ChangesNothing : public SettleObserver {
 public:
  explicit ChangesNothing(Settler& settler) : settler_(settler) {}

  void before_settling(Instant now, const Outstanding& one, Cost) override {
    settler_.copy(0, 1);
    settler_.settle(one.charged_at, now, one.charged, one.charged, 1);
    expect_alike(settler_, now, 0, 1);
  }

 private:
  Settler& settler_;
};

TEST_P(SettlesLateTest, WhatCostWhatWasChargedChangesNothing) { observe_all<ChangesNothing>(); }

class CorrectsAtOnce : public SettleObserver {
 public:
  explicit CorrectsAtOnce(Settler& settler) : settler_(settler) {}

  void after(Instant now) override {
    const std::int64_t room = std::min<std::int64_t>(settler_.quota(now).remaining, 1'000);
    if (room == 0 || ++steps_ % 4 != 0) return;
    for (const Cost charged : {Cost{1}, room}) {
      for (const Cost actual : {Cost{1}, (room + 1) / 2, room}) {
        settler_.copy(0, 1);
        settler_.copy(0, 2);
        ASSERT_TRUE(settler_.decide(now, charged, 1));
        ASSERT_TRUE(settler_.decide(now, actual, 2));
        settler_.settle(now, now, charged, actual, 1);
        expect_alike(settler_, now, 1, 2);
      }
    }
  }

 private:
  Settler& settler_;
  int steps_ = 0;
};

TEST_P(SettlesLateTest, WhatIsCorrectedAtOnceIsAsIfChargedRightly) {
  observe_all<CorrectsAtOnce>();
}

INSTANTIATE_TEST_SUITE_P(Settle, SettlesLateTest, testing::ValuesIn(late_settling_ids()),
                         settling_name);

// ---- Nothing is lost and nothing counted twice: what is left, or owed, is by the books.

class Books {
 public:
  virtual ~Books() = default;
  virtual void begin() = 0;
  /// Charged now, or taken back from what was charged then.
  virtual void enter(Instant at, Instant now, Int128 amount) = 0;
  /// What may still be charged; negative in debt.
  virtual Int128 room(Instant now) = 0;
};

/// Everything that was ever counted, and how much of it counts now.
class WindowBooks : public Books {
 public:
  struct Entry {
    Instant at;
    Int128 amount;
  };
  using Used = std::function<Int128(const std::vector<Entry>&, Instant now)>;

  WindowBooks(std::int64_t limit, Used used) : limit_(limit), used_(std::move(used)) {}
  void begin() override { entries_.clear(); }
  void enter(Instant at, Instant, Int128 amount) override { entries_.push_back({at, amount}); }
  Int128 room(Instant now) override { return limit_ - used_(entries_, now); }

 private:
  std::int64_t limit_;
  Used used_;
  std::vector<Entry> entries_;
};

/// The sum of the entries whose step of that length is among the newest `steps` at `now`.
WindowBooks::Used in_steps(Duration step, std::int64_t steps) {
  return [=](const std::vector<WindowBooks::Entry>& entries, Instant now) {
    const auto number = [&](Instant at) { return floor_div(at.unix_ns(), step.ns()); };
    Int128 sum = 0;
    for (const auto& entry : entries) {
      if (number(entry.at) > number(now) - steps) sum += entry.amount;
    }
    return sum;
  };
}

/// This window's sum, and the last one's in proportion to what is left of it, rounded up.
WindowBooks::Used fading(Duration window) {
  return [=](const std::vector<WindowBooks::Entry>& entries, Instant now) {
    const Int128 current = in_steps(window, 1)(entries, now);
    const Int128 previous = in_steps(window, 2)(entries, now) - current;
    const std::int64_t gone = now.unix_ns() % window.ns();
    return current + ceil_div(previous * (window.ns() - gone), Int128{window.ns()});
  };
}

/// A bucket in units of 1/per of a token.
class BucketBooks : public Books {
 public:
  /// With `at_once`, tokens come at the end of each period of the Unix clock.
  BucketBooks(std::int64_t capacity, std::int64_t units, Duration per, bool at_once)
      : capacity_(capacity), units_(units), per_(per.ns()), at_once_(at_once) {}

  void begin() override { is_new_ = true; }
  void enter(Instant, Instant now, Int128 amount) override {
    refill(now);
    level_ = std::min(level_ - amount * per_, full());
  }
  Int128 room(Instant now) override {
    refill(now);
    return floor_div(level_, Int128{per_});
  }

 private:
  Int128 full() const { return Int128{capacity_} * per_; }
  void refill(Instant now) {
    if (!is_new_) {
      Int128 passed = (now - last_).ns();
      if (at_once_) {
        passed = Int128{floor_div(now.unix_ns(), per_) - floor_div(last_.unix_ns(), per_)} * per_;
      }
      level_ = std::min(level_ + passed * units_, full());
    } else {
      level_ = full();
    }
    is_new_ = false;
    last_ = now;
  }

  std::int64_t capacity_, units_, per_;
  bool at_once_;
  bool is_new_ = true;
  Int128 level_ = 0;
  Instant last_;
};

class KeepsBooks : public SettleObserver {
 public:
  KeepsBooks(const Settler& settler, Books& books, bool counts_denied)
      : settler_(settler), books_(books), counts_denied_(counts_denied) {}

  void requested(Instant now, Cost cost, bool allowed) override {
    if (allowed || counts_denied_) books_.enter(now, now, cost);
  }
  void settled(Instant now, const Outstanding& one, Cost actual) override {
    books_.enter(actual < one.charged ? one.charged_at : now, now, actual - one.charged);
  }
  void new_key() override { books_.begin(); }
  void after(Instant now) override {
    const Int128 told = Int128{settler_.quota(now).remaining} - settler_.debt(now);
    ASSERT_TRUE(told == books_.room(now)) << format_instant(now);
    most_debt = std::max(most_debt, settler_.debt(now));
  }

  std::int64_t most_debt = 0;

 private:
  const Settler& settler_;
  Books& books_;
  bool counts_denied_;
};

struct BookCase {
  const char* id;
  const char* setting;
  std::function<std::unique_ptr<Books>()> books;
  bool counts_denied = false;
  bool wide_ticks = false;
};

std::function<std::unique_ptr<Books>()> windows(std::int64_t limit, WindowBooks::Used used) {
  return [=] { return std::make_unique<WindowBooks>(limit, used); };
}

std::function<std::unique_ptr<Books>()> bucket(bool at_once = false) {
  return [=] { return std::make_unique<BucketBooks>(10, 7, Duration::from_seconds(3), at_once); };
}

TEST(SettledBooks, WhatIsLeftOrOwedIsWhatWasCharged) {
  const Duration second = Duration::from_seconds(1);
  const std::vector<BookCase> cases = {
      {"fixed-window", "limit=10 window=1s", windows(10, in_steps(second, 1))},
      {"fixed-window", "limit=10 window=1s count_denied=true", windows(10, in_steps(second, 1)),
       true},
      {"envoy-ratelimit", "limit=10 unit=second", windows(10, in_steps(second, 1)), true},
      {"sliding-window-log", "limit=10 window=1s",
       windows(10, in_steps(Duration::from_ns(1), 1'000'000'000))},
      {"sliding-window-segments", "limit=10 window=1s segments=4",
       windows(10, in_steps(Duration::from_ms(250), 4))},
      {"sliding-window-counter", "limit=10 window=1s", windows(10, fading(second))},
      {"sliding-window-counter", "limit=10 window=1s count_denied=true",
       windows(10, fading(second)), true},
      {"token-bucket", "capacity=10 rate=7/3s", bucket()},
      {"token-bucket", "capacity=10 rate=7/3s", bucket(), false, true},
      {"leaky-bucket", "capacity=10 rate=7/3s", bucket()},
      {"gcra", "burst=10 rate=7/3s", bucket()},
      {"token-bucket", "capacity=10 rate=7/3s refill=interval anchor=epoch", bucket(true)},
  };
  for (const BookCase& one : cases) {
    SCOPED_TRACE(std::string(one.id) + ' ' + one.setting);
    Settler settler(one.id, one.setting, {.start = midnight, .wide_ticks = one.wide_ticks});
    const std::unique_ptr<Books> books = one.books();
    KeepsBooks observer(settler, *books, one.counts_denied);
    walk_and_settle(settler, *parameters_of(*find_algorithm(one.id), one.setting), observer);
    EXPECT_GT(observer.most_debt, 0);
  }
}

// ---- By hand.

TEST(Settle, ARefundOfAFixedWindowIsForItsWindow) {
  Settler key("fixed-window", "limit=10 window=10s");
  EXPECT_TRUE(key.decide(at("3s"), 8));
  EXPECT_EQ(key.settle(at("3s"), at("4s"), 8, 2), 0);
  EXPECT_EQ(key.quota(at("4s")).remaining, 8);
  EXPECT_TRUE(key.decide(at("11s"), 5));
  EXPECT_EQ(key.settle(at("9s"), at("12s"), 5, 0), 0);
  EXPECT_EQ(key.quota(at("12s")).remaining, 5);
  EXPECT_EQ(key.settle(at("9s"), at("20s"), 5, 0), 0);
  EXPECT_EQ(key.quota(at("20s")).remaining, 10);
}

TEST(Settle, ADebtOfAFixedWindowEndsWithIt) {
  Settler key("fixed-window", "limit=10 window=10s");
  EXPECT_TRUE(key.decide(at("3s"), 1));
  EXPECT_EQ(key.settle(at("3s"), at("4s"), 1, 25), 15);
  EXPECT_EQ(key.debt(at("9s")), 15);
  EXPECT_EQ(key.quota(at("9s")),
            (Quota{.limit = 10, .remaining = 0, .reset_after = duration("1s")}));
  EXPECT_EQ(key.earliest(at("9s"), 1), at("10s"));
  EXPECT_EQ(key.debt(at("10s")), 0);
}

TEST(Settle, ARefundAfterADebtBringsBackOnlyWhatIsBelowTheLimit) {
  Settler key("fixed-window", "limit=10 window=10s");
  EXPECT_TRUE(key.decide(at("1s"), 5));
  EXPECT_EQ(key.settle(at("2s"), at("2s"), 0, 8), 3);
  EXPECT_EQ(key.settle(at("1s"), at("3s"), 5, 1), 0);
  EXPECT_EQ(key.quota(at("3s")).remaining, 1);
}

TEST(Settle, TheLogTakesBackFromWhereItWasCounted) {
  Settler key("sliding-window-log", "limit=10 window=10s");
  EXPECT_TRUE(key.decide(at("1s"), 4));
  EXPECT_TRUE(key.decide(at("2s"), 4));
  EXPECT_EQ(key.settle(at("2s"), at("3s"), 4, 0), 0);
  // The newest cost that still counts is the first again.
  EXPECT_EQ(key.quota(at("3s")),
            (Quota{.limit = 10, .remaining = 6, .reset_after = duration("8s")}));
  EXPECT_EQ(key.settle(at("4s"), at("4s"), 0, 9), 3);
  EXPECT_EQ(key.earliest(at("4s"), 1), at("11s"));
  EXPECT_EQ(key.earliest(at("4s"), 2), at("14s"));
  EXPECT_EQ(key.settle(at("1s"), at("5s"), 4, 1), 0);
  EXPECT_EQ(key.quota(at("5s")).remaining, 0);
  EXPECT_EQ(key.earliest(at("5s"), 1), at("11s"));
}

TEST(Settle, ASegmentTakesBackItsOwn) {
  Settler key("sliding-window-segments", "limit=10 window=10s segments=5");
  EXPECT_TRUE(key.decide(at("1s"), 4));
  EXPECT_TRUE(key.decide(at("5s"), 4));
  EXPECT_EQ(key.settle(at("1s"), at("6s"), 4, 1), 0);
  EXPECT_EQ(key.quota(at("6s")).remaining, 5);
  EXPECT_EQ(key.quota(at("10s")).remaining, 6);
  EXPECT_EQ(key.settle(at("1s"), at("11s"), 1, 0), 0);
  EXPECT_EQ(key.quota(at("11s")).remaining, 6);
}

TEST(Settle, TheCounterTakesBackFromEitherWindow) {
  Settler key("sliding-window-counter", "limit=10 window=10s");
  EXPECT_TRUE(key.decide(at("1s"), 10));
  EXPECT_EQ(key.quota(at("15s")).remaining, 5);
  EXPECT_EQ(key.settle(at("1s"), at("15s"), 10, 4), 0);
  EXPECT_EQ(key.quota(at("15s")).remaining, 8);
  EXPECT_EQ(key.settle(at("1s"), at("25s"), 4, 0), 0);
  EXPECT_EQ(key.quota(at("25s")).remaining, 10);
}

TEST(Settle, TokensComeBackButNotAboveTheCapacity) {
  for (const char* refill : {"continuous", "interval"}) {
    Settler key("token-bucket", std::string("capacity=10 rate=1/s refill=") + refill);
    EXPECT_TRUE(key.decide(at("0s"), 6));
    EXPECT_EQ(key.quota(at("4s")).remaining, 8);
    EXPECT_EQ(key.settle(at("0s"), at("4s"), 6, 5), 0);
    EXPECT_EQ(key.quota(at("4s")).remaining, 9);
    EXPECT_EQ(key.settle(at("0s"), at("4s"), 5, 0), 0);
    EXPECT_EQ(key.quota(at("4s")).remaining, 10);
  }
}

TEST(Settle, ABucketPaysItsDebtAtItsRate) {
  for (const char* refill : {"continuous", "interval"}) {
    Settler key("token-bucket", std::string("capacity=10 rate=1/s refill=") + refill);
    EXPECT_TRUE(key.decide(at("0s"), 10));
    EXPECT_EQ(key.settle(at("0s"), at("0s"), 10, 15), 5);
    EXPECT_TRUE(key.allows(at("0s"), 0));
    EXPECT_EQ(key.earliest(at("0s"), 0), at("0s"));
    EXPECT_EQ(key.debt(at("4s")), 1);
    EXPECT_EQ(key.earliest(at("0s"), 1), at("6s"));
    EXPECT_EQ(key.earliest(at("2s"), 10), at("15s"));
    EXPECT_EQ(key.quota(at("2s")),
              (Quota{.limit = 10, .remaining = 0, .reset_after = duration("13s")}));
  }
}

TEST(Settle, AnEmptyBucketThatNeverRefillsTakesRefunds) {
  Settler key("token-bucket", "capacity=10 rate=0/s");
  EXPECT_TRUE(key.decide(at("0s"), 10));
  EXPECT_EQ(key.settle(at("0s"), at("1h"), 10, 7), 0);
  EXPECT_EQ(key.quota(at("1h")).remaining, 3);
  EXPECT_EQ(key.settle(at("0s"), at("1h"), 0, 5), 2);
  EXPECT_EQ(key.earliest(at("1h"), 1), std::nullopt);
}

TEST(Settle, DebtsStopBeforeTheyOverflow) {
  for (const std::string_view id : late_settling_ids()) {
    SCOPED_TRACE(id);
    for (const bool wide_ticks : {false, true}) {
      Settler key(id, find_algorithm(id)->example, {.start = midnight, .wide_ticks = wide_ticks});
      std::int64_t debt = 0;
      for (int i = 0; i < 3'000; ++i) {
        const std::int64_t next = key.settle(at("1s"), at("1s"), 0, largest_cost);
        ASSERT_GE(next, debt);
        debt = next;
      }
      EXPECT_EQ(debt == 0, id == "unlimited");
      EXPECT_EQ(key.allows(at("1s"), 1), id == "unlimited");
      EXPECT_GE(key.earliest(at("1s"), 1).value(), at("1s"));
    }
  }
}

TEST(Settle, EnvoyAddsToTheWindowInWhichAStreamEnds) {
  Settler key("envoy-ratelimit", "limit=10 unit=minute");
  EXPECT_TRUE(key.decide(at("50s"), 0));
  EXPECT_EQ(key.settle(at("50s"), at("65s"), 0, 12), 2);
  EXPECT_FALSE(key.decide(at("66s"), 0));
  EXPECT_EQ(key.earliest(at("66s"), 0), at("120s"));
}

}  // namespace
}  // namespace weir::limiter
