#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "conformance/subject.hpp"
#include "limiter/catalogue.hpp"

namespace weir::limiter {
namespace {

constexpr Duration one_ns = Duration::from_ns(1);

/// Every entry of the catalogue takes every test of this suite.
template <class Entry>
class Conformance : public testing::Test {
 protected:
  void SetUp() override {
    expected_ = find_case(Entry::info().id);
    ASSERT_NE(expected_, nullptr) << "register a case in tests/conformance/references/";
    ASSERT_FALSE(expected_->settings.empty());
  }

  const ConformanceCase& expected() const { return *expected_; }

  /// Walks each of the entry's subjects under an Observer of that kind, made from the Subject.
  template <template <class> class ObserverOf>
  void observe(int total_requests) {
    const int requests = requests_each(expected(), total_requests);
    for_each_subject<Entry>(expected(), [requests](const auto& subject) {
      using L = std::decay_t<decltype(subject.limiter)>;
      ObserverOf<L> observer(subject);
      Walk<L>(subject).run(requests, observer);
    });
  }

 private:
  const ConformanceCase* expected_ = nullptr;
};

template <class>
struct TypesOf;
template <class... Entry>
struct TypesOf<std::tuple<Entry...>> {
  using Types = testing::Types<Entry...>;
};

struct NameOfEntry {
  template <class Entry>
  static std::string GetName(int) {
    std::string name(Entry::info().id);
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
  }
};

TYPED_TEST_SUITE(Conformance, TypesOf<Entries>::Types, NameOfEntry);

// ---- Equal to an independent, slow, obviously right reference.

template <class L>
class EqualToReference : public Observer<L> {
 public:
  explicit EqualToReference(const Subject<L>& subject) : subject_(subject) {}

  void new_key() override {
    reference_ = subject_.expected.reference(subject_.parameters, subject_.environment);
    requests_ = 0;
  }

  void after(const typename L::State&, Instant now, Cost cost, const Verdict& verdict) override {
    const Verdict right = reference_->decide(now, cost);
    ++requests_;
    ASSERT_EQ(verdict.allowed, right.allowed) << where(now, cost);
    ASSERT_EQ(verdict.delay.ns(), right.delay.ns()) << where(now, cost);
  }

 private:
  std::string where(Instant now, Cost cost) const {
    return fmt::format("{}: request {} of its key, at {}, of cost {}", subject_.name, requests_,
                       format_instant(now), cost);
  }

  const Subject<L>& subject_;
  std::unique_ptr<Reference> reference_;
  int requests_ = 0;
};

TYPED_TEST(Conformance, DecidesLikeItsReference) {
  this->template observe<EqualToReference>(500'000);
}

// ---- earliest() is exact: denied until then, admitted then; or never.

template <class L>
class EarliestIsExact : public Observer<L> {
 public:
  using State = typename L::State;

  explicit EarliestIsExact(const Subject<L>& subject)
      : subject_(subject),
        traffic_(subject.parameters, RandomSequence(RandomStream(2).named(subject.name))),
        last_(subject.environment.start + subject.environment.horizon) {}

  void before(const State& state, Instant now, Cost cost) override {
    if (!subject_.limiter.check(state, now, cost).allowed) return;
    ASSERT_EQ(subject_.limiter.earliest(state, now, cost), now) << subject_.name << " " << cost;
  }

  void after(const State& state, Instant now, Cost cost, const Verdict& verdict) override {
    if (verdict.allowed) return;
    const std::optional<Instant> at = subject_.limiter.earliest(state, now, cost);
    if (at) {
      expect_exactly_at(state, now, *at, cost);
    } else {
      expect_never(state, now, cost);
    }
  }

 private:
  void expect_exactly_at(const State& state, Instant now, Instant at, Cost cost) {
    ASSERT_GT(at, now) << subject_.name << " " << cost;
    if (at > last_) return;
    const auto between =
        static_cast<std::int64_t>(traffic_.below(static_cast<std::uint64_t>((at - now).ns())));
    for (const Instant early : {at - one_ns, now, now + Duration::from_ns(between)}) {
      ASSERT_FALSE(subject_.limiter.check(state, early, cost).allowed)
          << subject_.name << ": cost " << cost << " denied at " << format_instant(now) << " until "
          << format_instant(at) << ", admitted at " << format_instant(early);
    }
    ASSERT_TRUE(subject_.limiter.check(state, at, cost).allowed)
        << subject_.name << ": cost " << cost << " denied at " << format_instant(now)
        << " and still at " << format_instant(at);
  }

  void expect_never(const State& state, Instant now, Cost cost) {
    for (const Duration d : telling_durations(subject_.parameters)) {
      for (const std::int64_t times : {1, 2, 3}) {
        for (const std::int64_t off : {-1, 0, 1}) {
          const Instant later = now + d * times + Duration::from_ns(off);
          if (later < now || later > last_) continue;
          ASSERT_FALSE(subject_.limiter.check(state, later, cost).allowed)
              << subject_.name << ": cost " << cost << " never to be admitted, but admitted after "
              << format_duration(later - now);
        }
      }
    }
    ASSERT_FALSE(subject_.limiter.check(state, now + one_ns, cost).allowed) << subject_.name;
    ASSERT_FALSE(subject_.limiter.check(state, last_, cost).allowed) << subject_.name;
  }

  const Subject<L>& subject_;
  RandomTraffic traffic_;
  Instant last_;
};

TYPED_TEST(Conformance, EarliestIsExact) { this->template observe<EarliestIsExact>(200'000); }

// ---- Never more than bound() in any interval.

template <class L>
class KeepsItsBound : public Observer<L> {
 public:
  explicit KeepsItsBound(const Subject<L>& subject) : subject_(subject) {
    intervals_ = {Duration(), one_ns};
    for (const Duration d : telling_durations(subject.parameters)) {
      for (const std::int64_t times : {1, 2, 5}) {
        for (const std::int64_t off : {-1, 0, 1}) {
          intervals_.push_back(d * times + Duration::from_ns(off));
        }
      }
    }
  }

  void after(const typename L::State&, Instant now, Cost, const Verdict& verdict) override {
    if (verdict.allowed) admitted_.push_back(now);
  }

  /// All that the last key was admitted is compared with the bound of every interval.
  void new_key() override {
    for (const Duration interval : intervals_) {
      const std::optional<std::int64_t> bound = subject_.limiter.bound(interval);
      if (!bound) return;
      const std::int64_t most = most_within(interval);
      ASSERT_LE(most, *bound) << subject_.name << ": in " << format_duration(interval);
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

  const Subject<L>& subject_;
  std::vector<Duration> intervals_;
  std::vector<Instant> admitted_;
  bool reached_ = false;
};

TYPED_TEST(Conformance, AdmitsNeverMoreThanItsBound) {
  const int requests = requests_each(this->expected(), 300'000);
  bool bounded = false;
  bool reached = false;
  for_each_subject<TypeParam>(this->expected(), [&](const auto& subject) {
    using L = std::decay_t<decltype(subject.limiter)>;
    KeepsItsBound<L> observer(subject);
    Walk<L>(subject, true).run(requests, observer);
    bounded = bounded || subject.limiter.bound(Duration()).has_value();
    reached = reached || observer.reached();
  });
  EXPECT_TRUE(reached || !bounded) << "no traffic came up to the bound: it is not tight";
}

// ---- What costs are worth.

/// Both states meet the same further requests the same way.
template <class L>
void expect_same_future(const Subject<L>& subject, typename L::State a, typename L::State b,
                        Instant now, RandomTraffic& traffic) {
  for (int i = 0; i < 10; ++i) {
    const Cost cost = traffic.next_cost(subject.limiter.quota(a, now).limit);
    const Verdict verdict = decide(subject.limiter, a, now, cost);
    ASSERT_EQ(verdict, decide(subject.limiter, b, now, cost)) << subject.name << " " << cost;
    now = traffic.next_instant(now, std::nullopt);
    if (now - subject.environment.start > subject.environment.horizon) return;
  }
}

template <class L>
class CostIsDivisible : public Observer<L> {
 public:
  using State = typename L::State;

  explicit CostIsDivisible(const Subject<L>& subject)
      : subject_(subject),
        traffic_(subject.parameters, RandomSequence(RandomStream(3).named(subject.name))) {}

  void before(const State& state, Instant now, Cost cost) override {
    if (cost == 0 || cost > 100) return;
    State one_by_one = state;
    Verdict last;
    for (Cost i = 0; i < cost && last.allowed; ++i) {
      last = subject_.limiter.check(one_by_one, now, 1);
      if (last.allowed) subject_.limiter.charge(one_by_one, now, 1);
    }
    const Verdict verdict = subject_.limiter.check(state, now, cost);
    ASSERT_EQ(verdict.allowed, last.allowed) << subject_.name << " " << cost;
    if (!verdict.allowed) return;
    ASSERT_EQ(verdict.delay.ns(), last.delay.ns()) << subject_.name << " " << cost;
    State at_once = state;
    subject_.limiter.charge(at_once, now, cost);
    expect_same_future(subject_, at_once, one_by_one, now, traffic_);
  }

 private:
  const Subject<L>& subject_;
  RandomTraffic traffic_;
};

TYPED_TEST(Conformance, CostNIsNTimesCostOne) {
  if (!this->expected().cost_is_divisible) GTEST_SKIP() << "not so by the product's rule";
  this->template observe<CostIsDivisible>(100'000);
}

template <class L>
class CostZeroIsFree : public Observer<L> {
 public:
  using State = typename L::State;

  explicit CostZeroIsFree(const Subject<L>& subject)
      : subject_(subject),
        traffic_(subject.parameters, RandomSequence(RandomStream(4).named(subject.name))) {}

  void before(const State& state, Instant now, Cost) override {
    ASSERT_EQ(subject_.limiter.check(state, now, 0), Verdict()) << subject_.name;
    ASSERT_EQ(subject_.limiter.earliest(state, now, 0), now) << subject_.name;
    State after = state;
    subject_.limiter.charge(after, now, 0);
    // Another limit of the same policy may have denied it.
    subject_.limiter.charge_denied(after, now, 0);
    expect_same_future(subject_, state, after, traffic_.next_instant(now, std::nullopt), traffic_);
  }

 private:
  const Subject<L>& subject_;
  RandomTraffic traffic_;
};

TYPED_TEST(Conformance, CostZeroIsAdmittedAndChangesNothing) {
  if (!this->expected().zero_cost_is_free) GTEST_SKIP() << "not so by the product's rule";
  this->template observe<CostZeroIsFree>(100'000);
}

// ---- The quota.

template <class L>
class QuotaIsExact : public Observer<L> {
 public:
  using State = typename L::State;

  explicit QuotaIsExact(const Subject<L>& subject) : subject_(subject) {}

  void new_key() override { seen_ = false; }

  void after(const State& state, Instant now, Cost cost, const Verdict&) override {
    const Quota quota = subject_.limiter.quota(state, now);
    ASSERT_GE(quota.remaining, 0) << subject_.name;
    ASSERT_LE(quota.remaining, quota.limit) << subject_.name;
    if (quota.remaining > 0) {
      ASSERT_TRUE(subject_.limiter.check(state, now, quota.remaining).allowed)
          << subject_.name << " " << quota.remaining;
    }
    if (quota.remaining < largest_cost) {
      ASSERT_FALSE(subject_.limiter.check(state, now, quota.remaining + 1).allowed)
          << subject_.name << " " << quota.remaining;
    }
    // Time begins for a key with its first request that costs anything.
    seen_ = seen_ || cost > 0;
    if (seen_) expect_all_back_after(state, now, quota);
  }

 private:
  void expect_all_back_after(const State& state, Instant now, const Quota& quota) {
    const Environment& env = subject_.environment;
    if (quota.reset_after > env.start + env.horizon - now) return;
    const Instant back = now + quota.reset_after;
    ASSERT_EQ(subject_.limiter.quota(state, back).remaining, quota.limit)
        << subject_.name << " after " << format_duration(quota.reset_after);
    if (quota.reset_after.ns() == 0) return;
    ASSERT_LT(subject_.limiter.quota(state, back - one_ns).remaining, quota.limit)
        << subject_.name << " before " << format_duration(quota.reset_after);
  }

  const Subject<L>& subject_;
  bool seen_ = false;
};

TYPED_TEST(Conformance, RemainingIsTheLargestCostAdmittedAndComesBackInTime) {
  if (!this->expected().denials_are_free) GTEST_SKIP() << "its denials are charged";
  this->template observe<QuotaIsExact>(200'000);
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

template <class L>
void expect_sound(const L& limiter, typename L::State& state, Instant now, Cost cost) {
  const Verdict verdict = decide(limiter, state, now, cost);
  ASSERT_GE(verdict.delay.ns(), 0);
  const std::optional<Instant> at = limiter.earliest(state, now, cost);
  if (at) {
    ASSERT_GE(*at, now);
    ASSERT_GE((*at - now).ns(), 0);
  }
  static_cast<void>(advertised_retry_after(limiter, state, now, cost));
  const Quota quota = limiter.quota(state, now);
  ASSERT_GE(quota.remaining, 0);
  ASSERT_LE(quota.remaining, quota.limit);
  ASSERT_GE(quota.reset_after.ns(), 0);
}

template <class L>
void expect_sound_at_extremes(const L& limiter, const Environment& env) {
  const std::int64_t horizon = env.horizon.ns();
  const std::int64_t offsets[] = {-horizon, -horizon + 1, -1, 0, 0, 1, 2, horizon / 2, horizon};
  typename L::State state;
  for (const std::int64_t offset : offsets) {
    const Instant now = env.start + Duration::from_ns(offset);
    for (const Cost cost : {Cost{0}, Cost{1}, Cost{2}, largest_cost / 2, largest_cost}) {
      expect_sound(limiter, state, now, cost);
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

TYPED_TEST(Conformance, ExtremeParametersHaveADefinedAnswer) {
  int made = 0;
  for (const Parameters& given : extreme_settings(TypeParam::info())) {
    const auto parameters = complete_parameters(TypeParam::info(), given);
    ASSERT_TRUE(parameters);
    for (const Environment& env : extreme_environments()) {
      const auto limiter = TypeParam::make(*parameters, env);
      if (!limiter) {
        ASSERT_TRUE(parameters->has(limiter.error().pointer)) << limiter.error().pointer;
        ASSERT_FALSE(limiter.error().message.empty());
        continue;
      }
      ++made;
      visit_limiter(*limiter, [&](const auto& l) { expect_sound_at_extremes(l, env); });
      ASSERT_FALSE(this->HasFailure())
          << text_of(*parameters) << " from " << format_instant(env.start);
    }
  }
  EXPECT_GT(made, 0);
}

struct TextOfValue {
  std::string operator()(std::int64_t n) const { return fmt::format("{}", n); }
  std::string operator()(Duration d) const { return format_duration(d); }
  std::string operator()(const Rate& r) const { return format_rate(r); }
  std::string operator()(const std::string& word) const { return word; }
  std::string operator()(bool b) const { return b ? "true" : "false"; }
};

std::string text_of(const Parameters& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters.values()) {
    text += fmt::format("{}={} ", name, std::visit(TextOfValue(), value));
  }
  return text;
}

}  // namespace
}  // namespace weir::limiter
