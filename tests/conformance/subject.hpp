#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "conformance/random_traffic.hpp"
#include "conformance/settings.hpp"
#include "core/random.hpp"
#include "limiter/catalogue.hpp"
#include "limiter/limiter.hpp"
#include "policy/keyed_limiter.hpp"

namespace weir::limiter {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int slowdown = 20;
#else
inline constexpr int slowdown = 1;
#endif

/// Where a state is kept. The key that is walked, two for what-if, and one never seen.
enum class Slot : policy::KeyIndex { walked, first, second, blank };

/// A limiter under test whose type is erased, so that the tests are compiled once for all of them,
/// with the states that a test needs.
class Trial {
 public:
  explicit Trial(std::unique_ptr<policy::KeyedLimiter> limiter) : limiter_(std::move(limiter)) {
    limiter_->reset(4);
  }

  Verdict check(Slot s, Instant now, Cost cost) const { return limiter_->check(of(s, now, cost)); }
  void charge(Slot s, Instant now, Cost cost) { limiter_->charge(of(s, now, cost)); }
  void charge_denied(Slot s, Instant now, Cost cost) { limiter_->charge_denied(of(s, now, cost)); }

  /// Decides as an engine does.
  Verdict decide(Slot s, Instant now, Cost cost) {
    const Verdict verdict = check(s, now, cost);
    if (verdict.allowed) {
      charge(s, now, cost);
    } else {
      charge_denied(s, now, cost);
    }
    return verdict;
  }

  std::optional<Instant> earliest(Slot s, Instant now, Cost cost) const {
    return limiter_->earliest(of(s, now, cost));
  }
  Quota quota(Slot s, Instant now) const { return limiter_->quota(of(s, now, 1)); }
  std::optional<std::int64_t> bound(Duration interval) const {
    return limiter_->bound(0, interval);
  }
  std::optional<Duration> advertised_retry_after(Slot s, Instant now, Cost cost) const {
    return limiter_->advertised_retry_after(of(s, now, cost));
  }
  AdvertisedQuota advertised_quota(Slot s, Instant now) const {
    return limiter_->advertised_quota(of(s, now, 1));
  }

  bool is_as_new(Slot s, Instant now) const { return limiter_->is_as_new(of(s, now, 1)); }
  void copy(Slot from, Slot to) { limiter_->copy_state(key(from), key(to)); }
  void forget(Slot s) { copy(Slot::blank, s); }

 private:
  static policy::KeyIndex key(Slot s) { return static_cast<policy::KeyIndex>(s); }
  static policy::Charge of(Slot s, Instant now, Cost cost) {
    return {.key = key(s), .variant = 0, .now = now, .cost = cost};
  }

  std::unique_ptr<policy::KeyedLimiter> limiter_;
};

/// A limiter under test, and where it came from.
struct Subject {
  Trial& limiter;
  const ConformanceCase& expected;
  const Parameters& parameters;
  const Environment& environment;
  /// Says which one it is, in messages.
  std::string name;
};

/// Starts of runs: at an odd instant of 2026, before 1970, and at the epoch with wide ticks.
inline std::vector<Environment> environments() {
  return {{.start = Instant::from_unix_ns(1'767'225'600'123'456'789)},
          {.start = Instant::from_unix_ns(-12'345'678'901'234'567)},
          {.start = Instant(), .wide_ticks = true}};
}

/// Shows `visit` a Subject for each setting of the entry's case in each environment.
template <class Visit>
void for_each_subject(const AlgorithmInfo& info, const ConformanceCase& expected,
                      const Visit& visit) {
  for (const std::string& setting : expected.settings) {
    const Parsed<Parameters> parameters = parameters_of(info, setting);
    ASSERT_TRUE(parameters) << setting << ": " << parameters.error();
    for (const Environment& environment : environments()) {
      auto limiter = policy::make_keyed_limiter(info.id, {&*parameters, 1}, environment);
      ASSERT_TRUE(limiter) << setting << ": " << limiter.error().pointer << " "
                           << limiter.error().message;
      Trial trial(std::move(*limiter));
      const std::string name =
          fmt::format("{} {} from {}", expected.id, setting, format_instant(environment.start));
      visit(Subject{trial, expected, *parameters, environment, name});
      if (testing::Test::HasFailure()) return;
    }
  }
}

/// Requests that each subject gets, so that an entry's test gets `total` of them.
inline int requests_each(const ConformanceCase& expected, int total) {
  const auto subjects = static_cast<int>(expected.settings.size() * environments().size());
  return total / subjects / slowdown;
}

/// What watches a walk; each function does nothing unless it is overridden. The state is that of
/// Slot::walked, which an observer leaves as it is.
class Observer {
 public:
  explicit Observer(const Subject& subject) : subject_(subject) {}
  virtual ~Observer() = default;
  virtual void new_key() {}
  virtual void before(Instant, Cost) {}
  virtual void after(Instant, Cost, const Verdict&) {}

 protected:
  const Subject& subject() const { return subject_; }
  Trial& limiter() const { return subject_.limiter; }
  /// The last instant that the run may reach.
  Instant last() const { return subject_.environment.start + subject_.environment.horizon; }
  /// Random traffic of its own.
  RandomTraffic traffic(std::uint64_t seed) const {
    return {subject_.parameters, RandomSequence(RandomStream(seed).named(subject_.name))};
  }

 private:
  const Subject& subject_;
};

/// Sends keys, one after the other, random traffic from the run's start to its horizon.
class Walk {
 public:
  explicit Walk(const Subject& subject, bool unit_costs = false)
      : subject_(subject),
        unit_costs_(unit_costs),
        traffic_(subject.parameters, RandomSequence(RandomStream(1).named(subject.name))) {}

  void run(int requests, Observer& observer) {
    begin_key(observer);
    for (int i = 0; i < requests && !testing::Test::HasFailure(); ++i) {
      const Instant next = traffic_.next_instant(now_, promised_);
      if (next > last_ || traffic_.below(500) == 0) {
        begin_key(observer);
        continue;
      }
      now_ = next;
      step(observer);
    }
    observer.new_key();
  }

 private:
  void begin_key(Observer& observer) {
    observer.new_key();
    subject_.limiter.forget(Slot::walked);
    promised_.reset();
    now_ = subject_.environment.start +
           Duration::from_ns(static_cast<std::int64_t>(traffic_.below(1'000'000'000'000)));
  }

  void step(Observer& observer) {
    Trial& limiter = subject_.limiter;
    const std::int64_t limit = limiter.quota(Slot::walked, now_).limit;
    const Cost cost = unit_costs_ ? 1 : traffic_.next_cost(limit);
    observer.before(now_, cost);
    const Verdict verdict = limiter.decide(Slot::walked, now_, cost);
    promised_ = verdict.allowed ? std::nullopt : limiter.earliest(Slot::walked, now_, cost);
    if (promised_ > last_) promised_.reset();
    observer.after(now_, cost, verdict);
  }

  const Subject& subject_;
  /// The last instant that the run may reach.
  const Instant last_ = subject_.environment.start + subject_.environment.horizon;
  bool unit_costs_;
  RandomTraffic traffic_;
  Instant now_;
  std::optional<Instant> promised_;
};

}  // namespace weir::limiter
