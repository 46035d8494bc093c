#include "limiter/gradient2.hpp"

#include <gtest/gtest.h>

#include "limiter/adaptive_support.hpp"

namespace weir::limiter {
namespace {

constexpr Duration gradient2_ms(std::int64_t ms) { return Duration::from_ms(ms); }

AdaptiveKey<Gradient2Rule> gradient2_key(std::string_view settings) {
  return adaptive_key<Gradient2Entry, Gradient2Rule>(settings);
}

TEST(Gradient2, GrowsByItsQueueWhileTimesAreSteady) {
  // 20 0.8 + (20 + 4) 0.2 = 20.8, and so on.
  auto key = gradient2_key("");
  EXPECT_EQ(key.limit(), 20);
  EXPECT_EQ(key.after(gradient2_ms(10), 20), 20);
  EXPECT_EQ(key.after(gradient2_ms(10), 20), 21);
  EXPECT_EQ(key.after(gradient2_ms(10), 20), 22);
  EXPECT_EQ(key.after(gradient2_ms(10), 20), 23);
  EXPECT_EQ(key.after(gradient2_ms(10), 20), 24);
  auto capped = gradient2_key("max_concurrency=21");
  for (int i = 0; i < 5; ++i) capped.after(gradient2_ms(10), 20);
  EXPECT_EQ(capped.limit(), 21);
}

TEST(Gradient2, ShrinksByHalfAtMost) {
  // The second of two has the average 55 ms: g = 1.5 55 / 100, limit = 80 + 0.2 (82.5 + 4).
  auto slower = gradient2_key("initial_limit=100 queue_size=0");
  EXPECT_EQ(slower.after(gradient2_ms(10), 100), 100);
  EXPECT_EQ(slower.after(gradient2_ms(100), 100), 96);
  // Ten of 10 ms, and one of a second: g = 0.5.
  auto halved = gradient2_key("initial_limit=100 queue_size=0 smoothing_percent=100");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(halved.after(gradient2_ms(10), 100), 100);
  EXPECT_EQ(halved.after(gradient2_ms(1000), 100), 50);
}

TEST(Gradient2, ToleratesHalfAsMuchAgain) {
  auto key = gradient2_key("initial_limit=100 queue_size=0 long_window=2147483647");
  for (int i = 0; i < 10; ++i) key.after(gradient2_ms(10), 100);
  EXPECT_EQ(key.after(Duration::from_us(14'999), 100), 100);
  EXPECT_EQ(key.after(Duration::from_us(15'001), 100), 99);
}

TEST(Gradient2, StaysWhereLessThanHalfIsInUse) {
  auto key = gradient2_key("queue_size=10");
  EXPECT_EQ(key.after(gradient2_ms(10), 9), 20);
  EXPECT_EQ(key.after(gradient2_ms(10), 10), 22);
}

TEST(Gradient2, DoesNotMindDroppedRequests) {
  auto key = gradient2_key("queue_size=5");
  EXPECT_EQ(key.after(gradient2_ms(10), 20, true), 21);
}

TEST(Gradient2, ForgetsALongTimeFasterOnceItIsOver) {
  const Gradient2Rule rule({.long_window = 1'000'000});
  Gradient2Rule::Estimate estimate;
  for (int i = 0; i < 10; ++i) rule.update(estimate, {.rtt_ns = 1000, .in_flight = 20});
  EXPECT_EQ(estimate.long_rtt, 1000.0);
  rule.update(estimate, {.rtt_ns = 600, .in_flight = 20});
  EXPECT_NEAR(estimate.long_rtt, 1000.0, 0.001);
  rule.update(estimate, {.rtt_ns = 400, .in_flight = 20});
  EXPECT_NEAR(estimate.long_rtt, 950.0, 0.01);
}

TEST(Gradient2, RefusesALeastAboveTheMost) {
  EXPECT_EQ(problem_of<Gradient2Entry>("min_limit=201"),
            "min_limit: must be at most max_concurrency");
}

}  // namespace
}  // namespace weir::limiter
