#include "metrics/accumulator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/random.hpp"
#include "support/int64.hpp"

namespace weir::metrics {
namespace {

Counts some_counts(RandomSequence& random) {
  return {random.below(1'000), random.below(1'000), random.below(1'000), random.below(1'000)};
}

Operations some_operations(RandomSequence& random) {
  return {random.below(1'000), random.below(1'000), random.below(1'000), random.below(1'000),
          random.below(1'000), random.below(1'000), random.below(1'000)};
}

ClassTotals class_of(const Counts& counts) { return {counts, Operations(), Histogram()}; }

std::int64_t some_amount(RandomSequence& random) {
  return static_cast<std::int64_t>(random.below(1'000));
}

Histogram some_histogram(RandomSequence& random) {
  Histogram histogram;
  for (std::uint64_t n = random.below(20); n > 0; --n) {
    histogram.record_n(static_cast<std::int64_t>(random.bits() >> (40 + random.below(24))),
                       random.below(5));
  }
  return histogram;
}

std::string some_name(RandomSequence& random, std::string_view prefix) {
  return std::string(prefix) + std::to_string(random.below(5));
}

/// Every field filled with something; `number` makes its keys its own.
Accumulator some_accumulator(std::uint64_t number) {
  RandomSequence random(RandomStream(1).numbered(number));
  Accumulator a;
  a.totals = some_counts(random);
  a.operations = some_operations(random);
  for (std::uint64_t n = random.below(4); n > 0; --n) {
    a.costs[some_name(random, "cost-")] = {static_cast<std::int64_t>(random.below(1'000)),
                                           static_cast<std::int64_t>(random.below(1'000)),
                                           static_cast<std::int64_t>(random.below(1'000))};
  }
  a.limits.resize(random.below(4));
  for (LimitTotals& limit : a.limits) {
    limit = {random.below(1'000), random.below(1'000), random.below(1'000), random.below(1'000),
             some_amount(random), some_amount(random), some_amount(random), random.below(1'000),
             random.below(1'000), random.below(1'000), some_amount(random)};
  }
  a.classes.resize(random.below(4));
  for (ClassTotals& totals : a.classes) {
    totals = {some_counts(random), some_operations(random), some_histogram(random)};
  }
  for (std::uint64_t n = random.below(4); n > 0; --n) {
    a.by_attribute[some_name(random, "a-")][some_name(random, "v-")] = some_counts(random);
  }
  a.denied_keys = random.below(100);
  for (std::uint64_t n = random.below(40); n > 0; --n) {
    a.top_denied.push_back({"key-" + std::to_string(number) + "-" + std::to_string(n),
                            static_cast<std::uint32_t>(random.below(2)), 1 + random.below(5),
                            static_cast<std::int64_t>(random.below(1'000))});
  }
  keep_top_denied(a.top_denied);
  a.latency_allowed = some_histogram(random);
  a.latency_denied = some_histogram(random);
  a.latency_operation = some_histogram(random);
  a.delay = some_histogram(random);
  a.retry_after = {random.below(1'000),    random.below(1'000),    random.below(1'000),
                   random.below(1'000),    random.below(1'000),    random.below(1'000),
                   some_histogram(random), some_histogram(random), random.below(1'000),
                   random.below(1'000)};
  a.fairness = {random.below(1'000), random.bits(), Uint128{random.bits()} << 40};
  a.backend = {random.below(1'000),    random.below(1'000),    random.below(1'000),
               some_histogram(random), some_histogram(random), random.bits(),
               random.bits(),          random.below(1'000),    random.below(1'000)};
  a.series.resize(random.below(5));
  for (SeriesPoint& point : a.series) {
    point = {random.below(1'000), random.below(1'000), random.below(1'000),
             random.below(1'000), random.below(1'000), some_histogram(random)};
  }
  return a;
}

Accumulator merged(Accumulator a, const Accumulator& b) {
  merge(a, b);
  return a;
}

TEST(Merge, IsTheSameWhicheverWayRound) {
  for (std::uint64_t i = 0; i < 50; ++i) {
    const Accumulator a = some_accumulator(2 * i);
    const Accumulator b = some_accumulator(2 * i + 1);
    ASSERT_EQ(merged(a, b), merged(b, a)) << i;
  }
}

TEST(Merge, IsTheSameInWhateverOrder) {
  for (std::uint64_t i = 0; i < 50; ++i) {
    const Accumulator a = some_accumulator(3 * i);
    const Accumulator b = some_accumulator(3 * i + 1);
    const Accumulator c = some_accumulator(3 * i + 2);
    ASSERT_EQ(merged(merged(a, b), c), merged(a, merged(b, c))) << i;
  }
}

TEST(Merge, ChangesNothingWithNothing) {
  const Accumulator a = some_accumulator(7);
  EXPECT_EQ(merged(a, Accumulator()), a);
  EXPECT_EQ(merged(Accumulator(), a), a);
}

TEST(Merge, AddsEveryNumber) {
  Accumulator a;
  a.totals = {10, 7, 2, 1};
  a.operations = {5, 4, 1};
  a.costs["tokens"] = {100, 70, 30};
  a.limits = {{1, 2, 3, 4}};
  a.classes.resize(1);
  a.classes[0].counts = {4, 3, 1, 0};
  a.by_attribute["tier"]["free"] = {10, 7, 2, 1};
  a.denied_keys = 2;
  a.latency_allowed.record(1'000);
  a.latency_denied.record(10);
  a.latency_operation.record(2'000);
  a.delay.record(5);
  a.series.resize(1);
  a.series[0] = {10, 7, 3, 2, 6, Histogram()};
  a.series[0].latency.record(1'000);

  const Accumulator twice = merged(a, a);
  EXPECT_EQ(twice.totals, (Counts{20, 14, 4, 2}));
  EXPECT_EQ(twice.operations, (Operations{10, 8, 2}));
  EXPECT_EQ(twice.costs.at("tokens"), (CostTotals{200, 140, 60}));
  EXPECT_EQ(twice.limits[0], (LimitTotals{2, 4, 6, 8}));
  EXPECT_EQ(twice.classes[0].counts, (Counts{8, 6, 2, 0}));
  EXPECT_EQ(twice.by_attribute.at("tier").at("free"), (Counts{20, 14, 4, 2}));
  EXPECT_EQ(twice.denied_keys, 4);
  EXPECT_EQ(twice.latency_allowed.count(), 2);
  EXPECT_EQ(twice.latency_denied.count(), 2);
  EXPECT_EQ(twice.latency_operation.count(), 2);
  EXPECT_EQ(twice.delay.count(), 2);
  EXPECT_EQ(twice.series[0].attempts, 20);
  EXPECT_EQ(twice.series[0].allowed, 14);
  EXPECT_EQ(twice.series[0].denied, 6);
  EXPECT_EQ(twice.series[0].retries, 4);
  EXPECT_EQ(twice.series[0].succeeded, 12);
  EXPECT_EQ(twice.series[0].latency.count(), 2);
}

TEST(Merge, ExtendsTheShorterOne) {
  Accumulator small;
  small.limits = {{1, 0, 1, 8}};
  small.classes = {class_of({1, 1, 0, 0})};
  small.series.resize(1);
  small.series[0].attempts = 1;
  Accumulator large;
  large.limits = {{2, 0, 2, 16}, {3, 0, 3, 24}};
  large.classes = {class_of({2, 2, 0, 0}), class_of({3, 3, 0, 0})};
  large.series.resize(3);
  large.series[2].attempts = 5;
  large.by_attribute["model"]["small"].attempts = 5;

  const Accumulator sum = merged(small, large);
  EXPECT_EQ(sum.limits, (std::vector<LimitTotals>{{3, 0, 3, 24}, {3, 0, 3, 24}}));
  EXPECT_EQ(sum.classes, std::vector<ClassTotals>(2, class_of({3, 3, 0, 0})));
  ASSERT_EQ(sum.series.size(), 3);
  EXPECT_EQ(sum.series[0].attempts, 1);
  EXPECT_EQ(sum.series[2].attempts, 5);
  EXPECT_EQ(sum.by_attribute.at("model").at("small").attempts, 5);
}

TEST(Merge, DoesNotOverflowCosts) {
  Accumulator a;
  a.costs["tokens"] = {int64_max - 1, 1, 0};
  Accumulator b;
  b.costs["tokens"] = {2, 2, 0};
  EXPECT_EQ(merged(a, b).costs.at("tokens"), (CostTotals{int64_max, 3, 0}));
  EXPECT_EQ(merged(merged(a, b), b), merged(a, merged(b, b)));
}

TEST(Merge, KeepsTheMostDeniedOfAllKeys) {
  // The keys of one run, dealt to shards: whatever the shards keep, the sum is that of one list.
  RandomSequence random(RandomStream(2));
  std::vector<DeniedKey> everything;
  std::vector<Accumulator> shards(8);
  for (int i = 0; i < 1'000; ++i) {
    const DeniedKey key{"user-" + std::to_string(i), static_cast<std::uint32_t>(random.below(3)),
                        1 + random.below(200), static_cast<std::int64_t>(random.below(1'000))};
    everything.push_back(key);
    shards[random.below(shards.size())].top_denied.push_back(key);
  }
  Accumulator sum;
  for (Accumulator& shard : shards) {
    keep_top_denied(shard.top_denied);
    merge(sum, shard);
  }
  std::stable_sort(everything.begin(), everything.end(),
                   [](const DeniedKey& a, const DeniedKey& b) {
                     if (a.denied != b.denied) return a.denied > b.denied;
                     if (a.limit != b.limit) return a.limit < b.limit;
                     return a.key < b.key;
                   });
  everything.resize(Accumulator::top_denied_kept);
  EXPECT_EQ(sum.top_denied, everything);
}

TEST(KeepTopDenied, OrdersByDenialsThenLimitThenKey) {
  std::vector<DeniedKey> keys{
      {"b", 0, 5, 1}, {"a", 1, 5, 1}, {"a", 0, 5, 1}, {"z", 9, 6, 1}, {"c", 0, 4, 1}};
  keep_top_denied(keys);
  EXPECT_EQ(keys,
            (std::vector<DeniedKey>{
                {"z", 9, 6, 1}, {"a", 0, 5, 1}, {"b", 0, 5, 1}, {"a", 1, 5, 1}, {"c", 0, 4, 1}}));
}

TEST(KeepTopDenied, CutsOffWhatIsTooMany) {
  std::vector<DeniedKey> keys;
  for (std::uint64_t i = 1; i <= Accumulator::top_denied_kept + 1; ++i) {
    keys.push_back({"k", 0, i, 0});
  }
  keep_top_denied(keys);
  ASSERT_EQ(keys.size(), Accumulator::top_denied_kept);
  EXPECT_EQ(keys.front().denied, Accumulator::top_denied_kept + 1);
  EXPECT_EQ(keys.back().denied, 2);
  std::vector<DeniedKey> none;
  keep_top_denied(none);
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace weir::metrics
