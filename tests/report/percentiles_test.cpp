#include "report/percentiles.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/random.hpp"

namespace weir::report {
namespace {

using metrics::Histogram;
using Json = nlohmann::ordered_json;

const std::vector<std::pair<std::string, std::uint64_t>> parts_by_name = {
    {"p50_ns", 500'000}, {"p75_ns", 750'000}, {"p90_ns", 900'000},
    {"p95_ns", 950'000}, {"p99_ns", 990'000}, {"p999_ns", 999'000}};

/// The same figures from all values, in order.
Json figures_of(std::vector<std::int64_t> values) {
  std::sort(values.begin(), values.end());
  std::int64_t sum = 0;
  for (const std::int64_t value : values) sum += value;
  const auto count = static_cast<std::int64_t>(values.size());
  const std::int64_t down = sum % count < 0 ? 1 : 0;
  Json figures = {
      {"count", values.size()}, {"min_ns", values.front()}, {"mean_ns", sum / count - down}};
  for (const auto& [name, parts] : parts_by_name) {
    const std::uint64_t rank = (values.size() * parts + 999'999) / 1'000'000;
    figures[name] = values[rank - 1];
  }
  figures["max_ns"] = values.back();
  return figures;
}

Json signed_figures_of(const std::vector<std::int64_t>& values) {
  Histogram below, above;
  for (const std::int64_t value : values) {
    (value < 0 ? below : above).record(value < 0 ? -value : value);
  }
  return make_signed_percentiles(below, above);
}

TEST(Percentiles, OfNothingAreUnknown) {
  const Json figures = make_percentiles(Histogram());
  EXPECT_EQ(figures["count"], 0);
  for (const char* name : {"min_ns", "mean_ns", "p50_ns", "p999_ns", "max_ns"}) {
    EXPECT_TRUE(figures[name].is_null()) << name;
  }
  EXPECT_EQ(make_signed_percentiles(Histogram(), Histogram()), figures);
}

TEST(Percentiles, OfOneValueAreThatValue) {
  for (const std::int64_t value : {-7, 0, 7}) {
    EXPECT_EQ(signed_figures_of({value}), figures_of({value}));
  }
}

TEST(Percentiles, OfValuesOfOneSignNeedNoOther) {
  Histogram above;
  for (int value = 0; value < 1'000; ++value) above.record(value);
  EXPECT_EQ(make_signed_percentiles(Histogram(), above), make_percentiles(above));
  Histogram below;
  std::vector<std::int64_t> values;
  for (int value = 1; value <= 1'000; ++value) {
    below.record(value);
    values.push_back(-value);
  }
  EXPECT_EQ(make_signed_percentiles(below, Histogram()), figures_of(values));
}

TEST(Percentiles, TheMeanOfBothSignsIsRoundedDown) {
  EXPECT_EQ(signed_figures_of({-3, 2})["mean_ns"], -1);
  EXPECT_EQ(signed_figures_of({-2, 3})["mean_ns"], 0);
}

// Values below 2048 have a bucket each.
TEST(Percentiles, OfSmallValuesAreThoseOfASortedList) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    RandomSequence random(RandomStream(seed).named("percentiles"));
    const std::uint64_t share_below = random.below(101);
    std::vector<std::int64_t> values;
    for (std::uint64_t n = 1 + random.below(3'000); n > 0; --n) {
      const auto size = static_cast<std::int64_t>(random.below(2'048));
      values.push_back(random.below(100) < share_below ? -size : size);
    }
    EXPECT_EQ(signed_figures_of(values), figures_of(values)) << seed;
  }
}

TEST(Percentiles, OfLargeValuesAreNearThoseOfASortedList) {
  RandomSequence random(RandomStream(5).named("large"));
  std::vector<std::int64_t> values;
  for (int n = 0; n < 20'000; ++n) {
    const auto size = static_cast<std::int64_t>(random.bits() >> (20 + random.below(40)));
    values.push_back(random.below(2) == 0 ? -size : size);
  }
  const Json figures = signed_figures_of(values), expected = figures_of(values);
  for (const char* name : {"count", "min_ns", "max_ns"}) {
    EXPECT_EQ(figures[name], expected[name]) << name;
  }
  for (const auto& [name, parts] : parts_by_name) {
    const auto exact = expected[name].get<double>();
    EXPECT_NEAR(figures[name].get<double>(), exact, std::abs(exact) / 1'000.0) << name;
  }
}

TEST(Percentiles, OfMillionsOfValuesFindTheBorderBetweenTheSigns) {
  Histogram below, above;
  below.record_n(5, 3'000'000);
  above.record_n(7, 3'000'000);
  const Json figures = make_signed_percentiles(below, above);
  EXPECT_EQ(figures["p50_ns"], -5);
  EXPECT_EQ(figures["p75_ns"], 7);
  EXPECT_EQ(figures["mean_ns"], 1);
}

}  // namespace
}  // namespace weir::report
