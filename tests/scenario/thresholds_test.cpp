#include "scenario/thresholds.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::scenario {
namespace {

struct ThresholdCase {
  std::string text;
  std::string path;
  Comparison comparison;
  double value;
};

TEST(ParseThreshold, ReadsPathComparisonAndValue) {
  const std::vector<ThresholdCase> cases = {
      {"totals.denied_ratio < 0.05", "totals.denied_ratio", Comparison::less, 0.05},
      {"a<=1", "a", Comparison::less_or_equal, 1.0},
      {"a.b-c.d_9 > -2.5e3", "a.b-c.d_9", Comparison::greater, -2500.0},
      {" a\t>=\t7 ", "a", Comparison::greater_or_equal, 7.0},
      {"a == 0", "a", Comparison::equal, 0.0},
      {"a != 1e300", "a", Comparison::not_equal, 1e300},
      {"latency.allowed.p99_ns < 20ms", "latency.allowed.p99_ns", Comparison::less, 2e7},
      {"a < 1h30m", "a", Comparison::less, 5.4e12},
      {"a < 0s", "a", Comparison::less, 0.0},
  };
  for (const ThresholdCase& one : cases) {
    SCOPED_TRACE(one.text);
    const Parsed<Threshold> threshold = parse_threshold(one.text);
    ASSERT_TRUE(threshold) << threshold.error();
    EXPECT_EQ(threshold->expression, one.text);
    EXPECT_EQ(threshold->path, one.path);
    EXPECT_EQ(threshold->comparison, one.comparison);
    EXPECT_EQ(threshold->value, one.value);
  }
}

TEST(ParseThreshold, RejectsWhatIsNone) {
  for (const char* text : {"",         "  ",        "a",         "a <",      "< 5",      "a < b",
                           "a < inf",  "a < nan",   "a < 1e999", "a < 5 ms", "a < 5%",   "a => 5",
                           "a = 5",    "a <> 5",    ".a < 5",    "a. < 5",   "a..b < 5", "a b < 5",
                           "a[0] < 5", "a < 5 < 6", "a < 0x10",  "ä < 5",    "a < -5ms"}) {
    EXPECT_FALSE(parse_threshold(text)) << text;
  }
}

}  // namespace
}  // namespace weir::scenario
