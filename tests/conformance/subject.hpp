#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "conformance/random_traffic.hpp"
#include "conformance/settings.hpp"
#include "core/random.hpp"
#include "limiter/limiter.hpp"

namespace weir::limiter {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int slowdown = 20;
#else
inline constexpr int slowdown = 1;
#endif

/// A limiter under test, and where it came from.
template <class L>
struct Subject {
  const L& limiter;
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

template <class... L, class Visit>
void visit_limiter(const std::variant<L...>& limiter, const Visit& visit) {
  std::visit(visit, limiter);
}
template <Limiter L, class Visit>
void visit_limiter(const L& limiter, const Visit& visit) {
  visit(limiter);
}

/// Shows `visit` a Subject for each setting of the entry's case in each environment.
template <class Entry, class Visit>
void for_each_subject(const ConformanceCase& expected, const Visit& visit) {
  for (const std::string& setting : expected.settings) {
    const Parsed<Parameters> parameters = parameters_of(Entry::info(), setting);
    ASSERT_TRUE(parameters) << setting << ": " << parameters.error();
    for (const Environment& environment : environments()) {
      const auto limiter = Entry::make(*parameters, environment);
      ASSERT_TRUE(limiter) << setting << ": " << limiter.error().pointer << " "
                           << limiter.error().message;
      const std::string name =
          fmt::format("{} {} from {}", expected.id, setting, format_instant(environment.start));
      visit_limiter(*limiter, [&](const auto& l) {
        visit(Subject<std::decay_t<decltype(l)>>{l, expected, *parameters, environment, name});
      });
      if (testing::Test::HasFailure()) return;
    }
  }
}

/// Requests that each subject gets, so that an entry's test gets `total` of them.
inline int requests_each(const ConformanceCase& expected, int total) {
  const auto subjects = static_cast<int>(expected.settings.size() * environments().size());
  return total / subjects / slowdown;
}

/// Decides as an engine does.
template <class L>
Verdict decide(const L& limiter, typename L::State& state, Instant now, Cost cost) {
  const Verdict verdict = limiter.check(state, now, cost);
  if (verdict.allowed) {
    limiter.charge(state, now, cost);
  } else {
    limiter.charge_denied(state, now, cost);
  }
  return verdict;
}

/// What watches a walk; each function does nothing unless it is overridden.
template <class L>
class Observer {
 public:
  using State = typename L::State;
  virtual ~Observer() = default;
  virtual void new_key() {}
  virtual void before(const State&, Instant, Cost) {}
  virtual void after(const State&, Instant, Cost, const Verdict&) {}
};

/// Sends keys, one after the other, random traffic from the run's start to its horizon.
template <class L>
class Walk {
 public:
  Walk(const Subject<L>& subject, bool unit_costs = false)
      : subject_(subject),
        unit_costs_(unit_costs),
        traffic_(subject.parameters, RandomSequence(RandomStream(1).named(subject.name))) {}

  void run(int requests, Observer<L>& observer) {
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

  RandomTraffic& traffic() { return traffic_; }

 private:
  void begin_key(Observer<L>& observer) {
    observer.new_key();
    state_ = {};
    promised_.reset();
    now_ = subject_.environment.start +
           Duration::from_ns(static_cast<std::int64_t>(traffic_.below(1'000'000'000'000)));
  }

  void step(Observer<L>& observer) {
    const L& limiter = subject_.limiter;
    const Cost cost = unit_costs_ ? 1 : traffic_.next_cost(limiter.quota(state_, now_).limit);
    observer.before(state_, now_, cost);
    const Verdict verdict = decide(limiter, state_, now_, cost);
    promised_ = verdict.allowed ? std::nullopt : limiter.earliest(state_, now_, cost);
    if (promised_ > last_) promised_.reset();
    observer.after(state_, now_, cost, verdict);
  }

  const Subject<L>& subject_;
  /// The last instant that the run may reach.
  const Instant last_ = subject_.environment.start + subject_.environment.horizon;
  bool unit_costs_;
  RandomTraffic traffic_;
  typename L::State state_;
  Instant now_;
  std::optional<Instant> promised_;
};

}  // namespace weir::limiter
