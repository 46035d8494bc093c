#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "conformance/subject.hpp"
#include "limiter/catalogue.hpp"
#include "limiter/entry_support.hpp"
#include "limiter/parameter_text.hpp"

namespace weir::limiter {
namespace {

/// Every entry of the catalogue takes every test of this suite.
class Conformance : public testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    info_ = find_algorithm(GetParam());
    ASSERT_NE(info_, nullptr);
    expected_ = find_case(GetParam());
    ASSERT_NE(expected_, nullptr) << "register a case in tests/conformance/references/";
    ASSERT_FALSE(expected_->settings.empty());
  }

  const AlgorithmInfo& info() const { return *info_; }
  const ConformanceCase& expected() const { return *expected_; }

  /// Walks each of the entry's subjects under an observer of that kind, made from the Subject.
  template <class ObserverOfKind>
  void observe(int total_requests) {
    const int requests = requests_each(expected(), total_requests);
    for_each_subject(info(), expected(), [requests](const Subject& subject) {
      ObserverOfKind observer(subject);
      Walk(subject).run(requests, observer);
    });
  }

 private:
  const AlgorithmInfo* info_ = nullptr;
  const ConformanceCase* expected_ = nullptr;
};

std::vector<std::string_view> ids() {
  std::vector<std::string_view> all;
  for (const AlgorithmInfo& info : catalogue()) all.push_back(info.id);
  return all;
}

std::string name_of(const testing::TestParamInfo<std::string_view>& tested) {
  std::string name(tested.param);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Catalogue, Conformance, testing::ValuesIn(ids()), name_of);

TEST(ConformanceCases, AreOnePerEntry) {
  std::vector<std::string> cases;
  for (const ConformanceCase& c : conformance_cases()) cases.push_back(c.id);
  const std::vector<std::string_view> entries = ids();
  EXPECT_THAT(cases, testing::UnorderedElementsAreArray(entries));
}

// ---- Equal to an independent, slow, obviously right reference.

class EqualToReference : public Observer {
 public:
  using Observer::Observer;

  void new_key() override {
    reference_ = subject().expected.reference(subject().parameters, subject().environment);
    requests_ = 0;
  }

  void after(Instant now, Cost cost, const Verdict& verdict) override {
    const Verdict right = reference_->decide(now, cost);
    ++requests_;
    ASSERT_EQ(verdict.allowed, right.allowed) << where(now, cost);
    ASSERT_EQ(verdict.delay.ns(), right.delay.ns()) << where(now, cost);
  }

 private:
  std::string where(Instant now, Cost cost) const {
    return fmt::format("{}: request {} of its key, at {}, of cost {}", subject().name, requests_,
                       format_instant(now), cost);
  }

  std::unique_ptr<Reference> reference_;
  int requests_ = 0;
};

TEST_P(Conformance, DecidesLikeItsReference) { observe<EqualToReference>(500'000); }

// ---- earliest() is exact: denied until then, admitted then; or never.

class EarliestIsExact : public Observer {
 public:
  explicit EarliestIsExact(const Subject& subject) : Observer(subject), traffic_(traffic(2)) {}

  void before(Instant now, Cost cost) override {
    if (!limiter().check(Slot::walked, now, cost).allowed) return;
    ASSERT_EQ(limiter().earliest(Slot::walked, now, cost), now) << subject().name << " " << cost;
  }

  void after(Instant now, Cost cost, const Verdict& verdict) override {
    if (verdict.allowed) return;
    const std::optional<Instant> at = limiter().earliest(Slot::walked, now, cost);
    if (at) {
      expect_exactly_at(now, *at, cost);
    } else {
      expect_never(now, cost);
    }
  }

 private:
  void expect_exactly_at(Instant now, Instant at, Cost cost) {
    ASSERT_GT(at, now) << subject().name << " " << cost;
    if (at > last()) return;
    const auto between =
        static_cast<std::int64_t>(traffic_.below(static_cast<std::uint64_t>((at - now).ns())));
    for (const Instant early : {at - one_ns, now, now + Duration::from_ns(between)}) {
      ASSERT_FALSE(limiter().check(Slot::walked, early, cost).allowed)
          << subject().name << ": cost " << cost << " denied at " << format_instant(now)
          << " until " << format_instant(at) << ", admitted at " << format_instant(early);
    }
    ASSERT_TRUE(limiter().check(Slot::walked, at, cost).allowed)
        << subject().name << ": cost " << cost << " denied at " << format_instant(now)
        << " and still at " << format_instant(at);
  }

  void expect_never(Instant now, Cost cost) {
    for (const Duration d : telling_durations(subject().parameters)) {
      for (const std::int64_t times : {1, 2, 3}) {
        for (const std::int64_t off : {-1, 0, 1}) {
          const Instant later = now + d * times + Duration::from_ns(off);
          if (later < now || later > last()) continue;
          ASSERT_FALSE(limiter().check(Slot::walked, later, cost).allowed)
              << subject().name << ": cost " << cost << " never to be admitted, but admitted after "
              << format_duration(later - now);
        }
      }
    }
    ASSERT_FALSE(limiter().check(Slot::walked, now + one_ns, cost).allowed) << subject().name;
    ASSERT_FALSE(limiter().check(Slot::walked, last(), cost).allowed) << subject().name;
  }

  RandomTraffic traffic_;
};

TEST_P(Conformance, EarliestIsExact) { observe<EarliestIsExact>(200'000); }

// ---- Never more than bound() in any interval.

class KeepsItsBound : public Observer {
 public:
  explicit KeepsItsBound(const Subject& subject) : Observer(subject) {
    intervals_ = {Duration(), one_ns};
    for (const Duration d : telling_durations(subject.parameters)) {
      for (const std::int64_t times : {1, 2, 5}) {
        for (const std::int64_t off : {-1, 0, 1}) {
          intervals_.push_back(d * times + Duration::from_ns(off));
        }
      }
    }
  }

  void after(Instant now, Cost, const Verdict& verdict) override {
    if (verdict.allowed) admitted_.push_back(now);
  }

  /// All that the last key was admitted is compared with the bound of every interval.
  void new_key() override {
    for (const Duration interval : intervals_) {
      const std::optional<std::int64_t> bound = limiter().bound(interval);
      if (!bound) return;
      const std::int64_t most = most_within(interval);
      ASSERT_LE(most, *bound) << subject().name << ": in " << format_duration(interval);
      reached_ = reached_ || most == *bound;
    }
    admitted_.clear();
  }

  bool reached() const { return reached_; }

 private:
  std::int64_t most_within(Duration interval) const {
    std::size_t most = 0;
    std::size_t first = 0;
    for (std::size_t last = 0; last < admitted_.size(); ++last) {
      while (admitted_[last] - admitted_[first] > interval) ++first;
      most = std::max(most, last - first + 1);
    }
    return static_cast<std::int64_t>(most);
  }

  std::vector<Duration> intervals_;
  std::vector<Instant> admitted_;
  bool reached_ = false;
};

TEST_P(Conformance, AdmitsNeverMoreThanItsBound) {
  const int requests = requests_each(expected(), 300'000);
  bool bounded = false;
  bool reached = false;
  for_each_subject(info(), expected(), [&](const Subject& subject) {
    KeepsItsBound observer(subject);
    Walk(subject, true).run(requests, observer);
    bounded = bounded || subject.limiter.bound(Duration()).has_value();
    reached = reached || observer.reached();
  });
  EXPECT_TRUE(reached || !bounded) << "no traffic came up to the bound: it is not tight";
}

// ---- What costs are worth.

/// Slot::first and Slot::second meet the same further requests the same way.
void expect_same_future(const Subject& subject, Instant now, RandomTraffic& traffic) {
  Trial& limiter = subject.limiter;
  for (int i = 0; i < 10; ++i) {
    const Cost cost = traffic.next_cost(limiter.quota(Slot::first, now).limit);
    const Verdict verdict = limiter.decide(Slot::first, now, cost);
    ASSERT_EQ(verdict, limiter.decide(Slot::second, now, cost)) << subject.name << " " << cost;
    now = traffic.next_instant(now, std::nullopt);
    if (now - subject.environment.start > subject.environment.horizon) return;
  }
}

class CostIsDivisible : public Observer {
 public:
  explicit CostIsDivisible(const Subject& subject) : Observer(subject), traffic_(traffic(3)) {}

  void before(Instant now, Cost cost) override {
    if (cost == 0 || cost > 100) return;
    limiter().copy(Slot::walked, Slot::second);
    Verdict last_one;
    for (Cost i = 0; i < cost && last_one.allowed; ++i) {
      last_one = limiter().check(Slot::second, now, 1);
      if (last_one.allowed) limiter().charge(Slot::second, now, 1);
    }
    const Verdict verdict = limiter().check(Slot::walked, now, cost);
    ASSERT_EQ(verdict.allowed, last_one.allowed) << subject().name << " " << cost;
    if (!verdict.allowed) return;
    ASSERT_EQ(verdict.delay.ns(), last_one.delay.ns()) << subject().name << " " << cost;
    limiter().copy(Slot::walked, Slot::first);
    limiter().charge(Slot::first, now, cost);
    expect_same_future(subject(), now, traffic_);
  }

 private:
  RandomTraffic traffic_;
};

TEST_P(Conformance, CostNIsNTimesCostOne) {
  if (!expected().cost_is_divisible) GTEST_SKIP() << "not so by the product's rule";
  observe<CostIsDivisible>(100'000);
}

class CostZeroIsFree : public Observer {
 public:
  explicit CostZeroIsFree(const Subject& subject) : Observer(subject), traffic_(traffic(4)) {}

  void before(Instant now, Cost) override {
    ASSERT_EQ(limiter().check(Slot::walked, now, 0), Verdict()) << subject().name;
    ASSERT_EQ(limiter().earliest(Slot::walked, now, 0), now) << subject().name;
    limiter().copy(Slot::walked, Slot::first);
    limiter().copy(Slot::walked, Slot::second);
    limiter().charge(Slot::second, now, 0);
    // Another limit of the same policy may have denied it.
    limiter().charge_denied(Slot::second, now, 0);
    expect_same_future(subject(), traffic_.next_instant(now, std::nullopt), traffic_);
  }

 private:
  RandomTraffic traffic_;
};

TEST_P(Conformance, CostZeroIsAdmittedAndChangesNothing) {
  if (!expected().zero_cost_is_free) GTEST_SKIP() << "not so by the product's rule";
  observe<CostZeroIsFree>(100'000);
}

// ---- The quota.

class QuotaIsExact : public Observer {
 public:
  using Observer::Observer;

  void new_key() override { seen_ = false; }

  void after(Instant now, Cost cost, const Verdict&) override {
    const Quota quota = limiter().quota(Slot::walked, now);
    ASSERT_GE(quota.remaining, 0) << subject().name;
    ASSERT_LE(quota.remaining, quota.limit) << subject().name;
    if (quota.remaining > 0) {
      ASSERT_TRUE(limiter().check(Slot::walked, now, quota.remaining).allowed)
          << subject().name << " " << quota.remaining;
    }
    if (quota.remaining < largest_cost) {
      ASSERT_FALSE(limiter().check(Slot::walked, now, quota.remaining + 1).allowed)
          << subject().name << " " << quota.remaining;
    }
    // Time begins for a key with its first request that costs anything.
    seen_ = seen_ || cost > 0;
    if (seen_) expect_all_back_after(now, quota);
  }

 private:
  void expect_all_back_after(Instant now, const Quota& quota) {
    const Environment& env = subject().environment;
    if (quota.reset_after > env.start + env.horizon - now) return;
    const Instant back = now + quota.reset_after;
    ASSERT_EQ(limiter().quota(Slot::walked, back).remaining, quota.limit)
        << subject().name << " after " << format_duration(quota.reset_after);
    if (quota.reset_after.ns() == 0) return;
    ASSERT_LT(limiter().quota(Slot::walked, back - one_ns).remaining, quota.limit)
        << subject().name << " before " << format_duration(quota.reset_after);
  }

  bool seen_ = false;
};

TEST_P(Conformance, RemainingIsTheLargestCostAdmittedAndComesBackInTime) {
  if (!expected().denials_are_free) GTEST_SKIP() << "its denials are charged";
  observe<QuotaIsExact>(200'000);
}

// ---- Parameters at the ends of their ranges: a defined answer, and no overflow (under UBSan).

std::vector<ParameterValue> extremes_of(const ParameterSpec& spec) {
  const Duration year = Duration::from_seconds(366 * 86'400);
  const std::uint64_t most = std::uint64_t{1} << 53;
  switch (spec.type) {
    case ParameterType::count: {
      std::vector<ParameterValue> counts = {spec.min, spec.max};
      if (spec.min < 1) counts.emplace_back(std::int64_t{1});
      return counts;
    }
    case ParameterType::duration:
      return {Duration::from_ns(std::max<std::int64_t>(spec.min, 1)), year, longest_window};
    case ParameterType::rate:
      return {Rate{0, Duration::from_seconds(1)},
              Rate{1, Duration::from_seconds(1)},
              Rate{1, year},
              Rate{1, one_ns},
              Rate{most, one_ns},
              Rate{most, longest_window}};
    case ParameterType::choice: {
      std::vector<ParameterValue> words;
      for (const std::string_view word : spec.choices) words.emplace_back(std::string(word));
      return words;
    }
    case ParameterType::boolean:
      return {false, true};
  }
  return {};
}

std::vector<Parameters> extreme_settings(const AlgorithmInfo& info) {
  std::vector<Parameters> settings(1);
  for (const ParameterSpec& spec : info.parameters) {
    std::vector<Parameters> longer;
    for (const Parameters& setting : settings) {
      if (spec.optional_without_default) longer.push_back(setting);
      for (const ParameterValue& value : extremes_of(spec)) {
        longer.push_back(setting);
        longer.back().set(std::string(spec.name), value);
      }
    }
    settings = std::move(longer);
  }
  return settings;
}

std::vector<Environment> extreme_environments() {
  const Duration ten_years = Environment{}.horizon;
  const Duration century = Duration::from_seconds(std::int64_t{36'500} * 86'400);
  return {{.start = Instant()},
          {.start = Instant::from_unix_ns(1'767'225'600'123'456'789), .wide_ticks = true},
          {.start = Instant::min() + ten_years + one_ns},
          {.start = Instant::max() - ten_years},
          {.start = Instant::from_unix_seconds(-86'400), .horizon = century}};
}

void expect_sound(Trial& limiter, Instant now, Cost cost) {
  const Verdict verdict = limiter.decide(Slot::walked, now, cost);
  ASSERT_GE(verdict.delay.ns(), 0);
  const std::optional<Instant> at = limiter.earliest(Slot::walked, now, cost);
  if (at) {
    ASSERT_GE(*at, now);
    ASSERT_GE((*at - now).ns(), 0);
  }
  static_cast<void>(limiter.advertised_retry_after(Slot::walked, now, cost));
  static_cast<void>(limiter.advertised_quota(Slot::walked, now));
  const Quota quota = limiter.quota(Slot::walked, now);
  ASSERT_GE(quota.remaining, 0);
  ASSERT_LE(quota.remaining, quota.limit);
  ASSERT_GE(quota.reset_after.ns(), 0);
}

void expect_sound_at_extremes(Trial& limiter, const Environment& env) {
  const std::int64_t horizon = env.horizon.ns();
  const std::int64_t offsets[] = {-horizon, -horizon + 1, -1, 0, 0, 1, 2, horizon / 2, horizon};
  for (const std::int64_t offset : offsets) {
    const Instant now = env.start + Duration::from_ns(offset);
    for (const Cost cost : {Cost{0}, Cost{1}, Cost{2}, largest_cost / 2, largest_cost}) {
      expect_sound(limiter, now, cost);
      if (testing::Test::HasFailure()) return;
    }
  }
  std::int64_t least = 0;
  for (const std::int64_t interval : {std::int64_t{0}, std::int64_t{1}, horizon, 2 * horizon}) {
    const std::int64_t bound = limiter.bound(Duration::from_ns(interval)).value_or(least);
    ASSERT_GE(bound, least) << "the bound of an interval of " << interval << " ns";
    least = bound;
  }
}

std::string text_of(const Parameters& parameters);

TEST_P(Conformance, ExtremeParametersHaveADefinedAnswer) {
  int made = 0;
  for (const Parameters& given : extreme_settings(info())) {
    const auto parameters = complete_parameters(info(), given);
    ASSERT_TRUE(parameters);
    for (const Environment& env : extreme_environments()) {
      auto limiter = policy::make_keyed_limiter(info().id, {&*parameters, 1}, env);
      if (!limiter) {
        ASSERT_TRUE(parameters->has(limiter.error().pointer)) << limiter.error().pointer;
        ASSERT_FALSE(limiter.error().message.empty());
        continue;
      }
      ++made;
      Trial trial(std::move(*limiter));
      expect_sound_at_extremes(trial, env);
      ASSERT_FALSE(HasFailure()) << text_of(*parameters) << " from " << format_instant(env.start);
    }
  }
  EXPECT_GT(made, 0);
}

std::string text_of(const Parameters& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters.values()) {
    text += fmt::format("{}={} ", name, parameter_text(value));
  }
  return text;
}

}  // namespace
}  // namespace weir::limiter
