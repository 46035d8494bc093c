#include "limiter/catalogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>
#include <variant>

#include "conformance/settings.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

// ---- What all entries have in common.

template <class T>
constexpr bool all_limiters = Limiter<T>;
template <class... L>
constexpr bool all_limiters<std::variant<L...>> = (Limiter<L> && ...);

template <class... Entry>
constexpr bool all_entries_hold_limiters(std::tuple<Entry...>*) {
  return (all_limiters<typename Entry::Limiter> && ...);
}
static_assert(all_entries_hold_limiters(static_cast<Entries*>(nullptr)));

// State per key: 8 bytes where one instant tells all, at most 24 for windows and buckets.
static_assert(sizeof(Gcra<std::int64_t>::State) == 8);
static_assert(sizeof(Gcra<Int128>::State) == 16);
static_assert(sizeof(ContinuousTokenBucket<std::int64_t>::State) == 8);
static_assert(sizeof(IntervalTokenBucket::State) == 16);
static_assert(sizeof(LeakyBucket<std::int64_t>::State) == 8);
static_assert(sizeof(LeakyBucketQueue<std::int64_t>::State) == 8);
static_assert(sizeof(TwoRateThreeColorMarker<std::int64_t>::State) == 16);
static_assert(sizeof(FixedWindow::State) == 16);
static_assert(sizeof(SlidingWindowLog::State) == 24);
static_assert(sizeof(SlidingWindowCounter::State) == 24);
static_assert(sizeof(SlidingWindowSegments::State) == 24);
static_assert(sizeof(Concurrency::State) == 16);
static_assert(sizeof(LeasedConcurrency::State) == 40);
static_assert(std::is_empty_v<Unlimited::State>);
static_assert(std::is_empty_v<DenyAll::State>);

static_assert(OwnsMemory<SlidingWindowLog>);
static_assert(OwnsMemory<SlidingWindowSegments>);
static_assert(OwnsMemory<LeasedConcurrency>);
static_assert(OwnsMemory<VegasEntry::Limiter>);
static_assert(!OwnsMemory<FixedWindow>);
static_assert(HoldsUntilEnd<Concurrency>);
static_assert(HoldsUntilEnd<LeasedConcurrency>);
static_assert(HoldsUntilEnd<VegasEntry::Limiter>);
static_assert(HoldsUntilEnd<NginxLimitConn>);
static_assert(!HoldsUntilEnd<Gcra<std::int64_t>>);

TEST(Catalogue, IdsAndParameterNamesAreUnique) {
  std::set<std::string_view> ids;
  for (const AlgorithmInfo& info : catalogue()) {
    EXPECT_TRUE(ids.insert(info.id).second) << info.id;
    std::set<std::string_view> names;
    for (const ParameterSpec& spec : info.parameters) {
      EXPECT_TRUE(names.insert(spec.name).second) << info.id << " " << spec.name;
    }
  }
}

TEST(Catalogue, DocumentsEveryEntry) {
  for (const AlgorithmInfo& info : catalogue()) {
    EXPECT_FALSE(info.summary.empty()) << info.id;
    EXPECT_FALSE(info.rule.empty()) << info.id;
    EXPECT_FALSE(info.source.empty()) << info.id;
    EXPECT_FALSE(info.state_size.empty()) << info.id;
    EXPECT_EQ(info.version.empty(), info.evidence == Evidence::canonical) << info.id;
    for (const ParameterSpec& spec : info.parameters) {
      EXPECT_FALSE(spec.description.empty()) << info.id << " " << spec.name;
      EXPECT_EQ(spec.choices.empty(), spec.type != ParameterType::choice) << info.id;
    }
  }
}

TEST(Catalogue, FindsAnEntryByItsId) {
  for (const AlgorithmInfo& info : catalogue()) EXPECT_EQ(find_algorithm(info.id), &info);
  EXPECT_EQ(find_algorithm("gcra2"), nullptr);
  EXPECT_EQ(find_algorithm(""), nullptr);
}

TEST(Catalogue, EveryDefaultCanBeRead) {
  for (const AlgorithmInfo& info : catalogue()) {
    for (const ParameterSpec& spec : info.parameters) {
      if (spec.default_value.empty()) continue;
      EXPECT_TRUE(parse_parameter(spec, spec.default_value)) << info.id << " " << spec.name;
      EXPECT_FALSE(spec.optional_without_default) << info.id << " " << spec.name;
    }
  }
}

template <class Entry>
void expect_example_makes_a_limiter() {
  const AlgorithmInfo info = Entry::info();
  const Parsed<Parameters> parameters = parameters_of(info, info.example);
  ASSERT_TRUE(parameters) << info.id << ": " << parameters.error();
  const auto limiter = Entry::make(*parameters, {});
  ASSERT_TRUE(limiter) << info.id << ": " << limiter.error().message;
}

template <class... Entry>
void expect_examples_make_limiters(std::tuple<Entry...>*) {
  (expect_example_makes_a_limiter<Entry>(), ...);
}

TEST(Catalogue, EveryExampleMakesALimiter) {
  expect_examples_make_limiters(static_cast<Entries*>(nullptr));
}

// ---- parse_parameter().

ParameterSpec spec_of(ParameterType type) {
  return {.name = "p", .type = type, .description = "a parameter"};
}

ParameterSpec spec_of(ParameterType type, std::int64_t min, std::int64_t max = largest_cost) {
  ParameterSpec spec = spec_of(type);
  spec.min = min;
  spec.max = max;
  return spec;
}

std::string error_of(const ParameterSpec& spec, std::string_view text) {
  const Parsed<ParameterValue> value = parse_parameter(spec, text);
  return value ? "" : value.error();
}

TEST(ParseParameter, ChecksACountsRange) {
  const ParameterSpec spec = spec_of(ParameterType::count, 2, 5);
  EXPECT_EQ(parse_parameter(spec, "2").value(), ParameterValue(std::int64_t{2}));
  EXPECT_EQ(parse_parameter(spec, "5").value(), ParameterValue(std::int64_t{5}));
  EXPECT_EQ(error_of(spec, "1"), "must be from 2 to 5, got 1");
  EXPECT_EQ(error_of(spec, "6"), "must be from 2 to 5, got 6");
  EXPECT_NE(error_of(spec, "three"), "");
  EXPECT_NE(error_of(spec, ""), "");
}

TEST(ParseParameter, ChecksADurationsRange) {
  const ParameterSpec positive = spec_of(ParameterType::duration, 1);
  EXPECT_EQ(parse_parameter(positive, "1ns").value(), ParameterValue(Duration::from_ns(1)));
  EXPECT_EQ(error_of(positive, "0s"), "must be longer than 0s, got \"0s\"");
  EXPECT_EQ(parse_parameter(positive, "3660d").value(), ParameterValue(longest_window));
  EXPECT_THAT(error_of(positive, "3660d1ns"), HasSubstr("must be at most"));
  const ParameterSpec second = spec_of(ParameterType::duration, 1'000'000'000);
  EXPECT_EQ(error_of(second, "1s"), "");
  EXPECT_EQ(error_of(second, "999ms"), "must be at least 1s, got \"999ms\"");
}

TEST(ParseParameter, ReadsRatesChoicesAndBooleans) {
  const ParameterSpec rate = spec_of(ParameterType::rate);
  EXPECT_EQ(parse_parameter(rate, "100/1m").value(),
            ParameterValue(Rate{.units = 100, .per = Duration::from_seconds(60)}));
  EXPECT_NE(error_of(rate, "100"), "");
  ParameterSpec choice = spec_of(ParameterType::choice);
  choice.choices = {"epoch", "first-request"};
  EXPECT_EQ(parse_parameter(choice, "epoch").value(), ParameterValue(std::string("epoch")));
  EXPECT_EQ(error_of(choice, "epoc"),
            "must be one of epoch, first-request, got \"epoc\"; did you mean epoch?");
  EXPECT_EQ(error_of(choice, "start"), "must be one of epoch, first-request, got \"start\"");
  const ParameterSpec boolean = spec_of(ParameterType::boolean);
  EXPECT_EQ(parse_parameter(boolean, "true").value(), ParameterValue(true));
  EXPECT_EQ(parse_parameter(boolean, "false").value(), ParameterValue(false));
  EXPECT_EQ(error_of(boolean, "yes"), "must be true or false, got \"yes\"");
}

// ---- complete_parameters().

Problems problems_of(std::string_view id, const Parameters& given) {
  const auto complete = complete_parameters(*find_algorithm(id), given);
  return complete ? Problems() : complete.error();
}

TEST(CompleteParameters, FillsInDefaultsAndLeavesOptionalOnesOut) {
  Parameters given;
  given.set("capacity", std::int64_t{5});
  given.set("rate", Rate{.units = 1, .per = Duration::from_seconds(1)});
  const auto complete = complete_parameters(*find_algorithm("token-bucket"), given);
  ASSERT_TRUE(complete);
  EXPECT_EQ(complete->count("capacity"), 5);
  EXPECT_EQ(complete->choice("refill"), "continuous");
  EXPECT_EQ(complete->choice("anchor"), "first-request");
  EXPECT_FALSE(complete->has("initial"));
}

TEST(CompleteParameters, NamesEveryMissingAndUnknownParameter) {
  Parameters given;
  given.set("windo", Duration::from_seconds(1));
  given.set("colour", std::int64_t{3});
  const Problems problems = problems_of("fixed-window", given);
  ASSERT_EQ(problems.size(), 4U);
  EXPECT_EQ(problems[0].pointer, "colour");
  EXPECT_EQ(problems[0].message,
            "unknown parameter of fixed-window; it has limit, window, anchor, count_denied");
  EXPECT_EQ(problems[1].pointer, "windo");
  EXPECT_EQ(problems[1].message, "unknown parameter of fixed-window; did you mean \"window\"?");
  EXPECT_EQ(problems[2].pointer, "limit");
  EXPECT_THAT(problems[2].message, HasSubstr("is required by fixed-window"));
  EXPECT_EQ(problems[3].pointer, "window");
}

TEST(CompleteParameters, SaysThatAnAlgorithmHasNone) {
  Parameters given;
  given.set("limit", std::int64_t{3});
  EXPECT_EQ(problems_of("unlimited", given),
            (Problems{{.pointer = "limit", .message = "unlimited has no parameters"}}));
  EXPECT_EQ(problems_of("unlimited", {}), Problems());
}

}  // namespace
}  // namespace weir::limiter
