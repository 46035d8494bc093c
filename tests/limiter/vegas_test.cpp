#include "limiter/vegas.hpp"

#include <gtest/gtest.h>

#include "limiter/adaptive_support.hpp"

namespace weir::limiter {
namespace {

constexpr Duration vegas_ms(std::int64_t ms) { return Duration::from_ms(ms); }

/// A key whose shortest time is 10 ms.
AdaptiveKey<VegasRule> measured_vegas(std::string_view settings) {
  auto key = adaptive_key<VegasEntry, VegasRule>(settings);
  const std::int64_t initial = key.limit();
  EXPECT_EQ(key.after(vegas_ms(10), initial), initial);
  return key;
}

// The figures of the library's own tests.
TEST(Vegas, MovesAsItsOwnTestsExpect) {
  EXPECT_EQ(measured_vegas("initial_limit=10").after(vegas_ms(10), 10), 16);
  EXPECT_EQ(measured_vegas("initial_limit=10").after(vegas_ms(50), 10), 9);
  EXPECT_EQ(measured_vegas("initial_limit=10").after(vegas_ms(14), 10), 10);
  EXPECT_EQ(measured_vegas("initial_limit=10000 max_concurrency=20000").after(vegas_ms(10), 10'000),
            10'024);
}

TEST(Vegas, StepsByTheLogarithm) {
  EXPECT_EQ(VegasRule::log10_of(1), 1);
  EXPECT_EQ(VegasRule::log10_of(99), 1);
  EXPECT_EQ(VegasRule::log10_of(100), 2);
  EXPECT_EQ(VegasRule::log10_of(999), 2);
  EXPECT_EQ(VegasRule::log10_of(1000), 3);
  // A queue of 2 is more than a step of 1, and less than 3 of them.
  EXPECT_EQ(measured_vegas("initial_limit=10").after(Duration::from_us(12'500), 10), 11);
}

TEST(Vegas, StaysWhereLessThanHalfIsInUse) {
  EXPECT_EQ(measured_vegas("initial_limit=10").after(vegas_ms(10), 4), 10);
  EXPECT_EQ(measured_vegas("initial_limit=10").after(vegas_ms(10), 5), 16);
  EXPECT_EQ(measured_vegas("initial_limit=10").after(vegas_ms(10), 1, true), 9);
}

TEST(Vegas, KeepsWithinItsBoundsAndSmooths) {
  EXPECT_EQ(measured_vegas("initial_limit=10 max_concurrency=12").after(vegas_ms(10), 10), 12);
  EXPECT_EQ(measured_vegas("initial_limit=1").after(vegas_ms(10), 1, true), 1);
  EXPECT_EQ(measured_vegas("initial_limit=10 smoothing_percent=50").after(vegas_ms(10), 10), 13);
}

TEST(Vegas, MeasuresTheShortestTimeAnewNowAndThen) {
  auto key = adaptive_key<VegasEntry, VegasRule>("initial_limit=10 probe_multiplier=1");
  EXPECT_EQ(key.after(vegas_ms(10), 10), 10);
  // From 5 to 10 requests later, one of 50 ms counts as one that waits for nothing.
  std::int64_t slower = 0;
  while (key.after(vegas_ms(50), 1, false) == 10 && slower < 10) ++slower;
  EXPECT_EQ(slower, 10);
  EXPECT_EQ(key.after(vegas_ms(50), 10), 16);
}

TEST(Vegas, DrawsItsJitterFromWhatItMeasured) {
  for (std::int64_t rtt = 0; rtt < 1000; ++rtt) {
    const double jitter = VegasRule::probe_jitter({.rtt_no_load = rtt});
    EXPECT_GE(jitter, 0.5);
    EXPECT_LT(jitter, 1.0);
    EXPECT_EQ(jitter, VegasRule::probe_jitter({.rtt_no_load = rtt}));
  }
}

TEST(Vegas, TakesNoTimeForANanosecond) {
  auto key = adaptive_key<VegasEntry, VegasRule>("initial_limit=10");
  EXPECT_EQ(key.after(Duration(), 10), 10);
  EXPECT_EQ(key.after(one_ns, 10), 16);
}

}  // namespace
}  // namespace weir::limiter
