#include "traffic/arrivals.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace weir::traffic {
namespace {

const Instant begin = Instant::from_unix_seconds(1'700'000'000);

ActiveSpan span_of(std::int64_t seconds) {
  return {begin, begin + Duration::from_seconds(seconds)};
}

std::vector<Instant> all(const Arrivals& arrivals, ActiveSpan span, double share = 1.0,
                         std::size_t block = 257) {
  const auto process = make_arrivals(arrivals, share, span, RandomStream(11));
  std::vector<Instant> result, buffer(block);
  while (const std::size_t n = process->next(buffer.data(), block)) {
    result.insert(result.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(n));
  }
  return result;
}

Rate rate(std::uint64_t units, std::int64_t seconds = 1) {
  return {units, Duration::from_seconds(seconds)};
}

void expect_in_order_within(const std::vector<Instant>& times, ActiveSpan span) {
  for (std::size_t i = 0; i < times.size(); ++i) {
    ASSERT_GE(times[i], i == 0 ? span.begin : times[i - 1]);
    ASSERT_LT(times[i], span.end);
  }
}

struct GapStatistics {
  double mean = 0.0, deviation = 0.0;
};

GapStatistics gaps_of(const std::vector<Instant>& times) {
  double sum = 0.0, squares = 0.0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    const auto gap = static_cast<double>((times[i] - times[i - 1]).ns());
    sum += gap;
    squares += gap * gap;
  }
  const auto n = static_cast<double>(times.size() - 1);
  const double mean = sum / n;
  return {mean, std::sqrt(squares / n - mean * mean)};
}

TEST(ConstantArrivals, AreExactForARationalRate) {
  const auto times = all(ConstantArrivals{rate(3)}, span_of(10));
  ASSERT_EQ(times.size(), 30U);
  EXPECT_EQ(times[0], begin);
  EXPECT_EQ((times[1] - begin).ns(), 333'333'333);
  EXPECT_EQ((times[2] - begin).ns(), 666'666'666);
  EXPECT_EQ((times[3] - begin).ns(), 1'000'000'000);
}

TEST(ConstantArrivals, FollowAProfile) {
  const StepProfile steps{{{Duration(), rate(10)}, {Duration::from_seconds(5), rate(100)}}};
  const auto times = all(ConstantArrivals{steps}, span_of(10));
  EXPECT_EQ(times.size(), 550U);
  expect_in_order_within(times, span_of(10));
}

TEST(ConstantArrivals, AreSilentWhileTheRateIsZero) {
  const StepProfile steps{{{Duration(), rate(0)}, {Duration::from_seconds(3), rate(1)}}};
  const auto times = all(ConstantArrivals{steps}, span_of(6));
  ASSERT_EQ(times.size(), 3U);
  EXPECT_EQ(times[0], begin + Duration::from_seconds(3));
}

TEST(PoissonArrivals, HaveExponentialGaps) {
  const auto times = all(PoissonArrivals{rate(1'000)}, span_of(200));
  expect_in_order_within(times, span_of(200));
  EXPECT_NEAR(static_cast<double>(times.size()), 200'000.0, 5.0 * std::sqrt(200'000.0));
  const GapStatistics gaps = gaps_of(times);
  EXPECT_NEAR(gaps.mean, 1e6, 1.5e4);
  EXPECT_NEAR(gaps.deviation / gaps.mean, 1.0, 0.02);
}

TEST(PoissonArrivals, DoNotDependOnTheBlock) {
  const PoissonArrivals poisson{rate(1'000)};
  EXPECT_EQ(all(poisson, span_of(5), 1.0, 1), all(poisson, span_of(5), 1.0, 5'000));
}

TEST(PoissonArrivals, ShareOfTheRate) {
  const auto times = all(PoissonArrivals{rate(1'000)}, span_of(100), 0.25);
  EXPECT_NEAR(static_cast<double>(times.size()), 25'000.0, 5.0 * std::sqrt(25'000.0));
}

TEST(PoissonArrivals, RateThatChanges) {
  const RampProfile ramp{rate(0), rate(1'000), Duration::from_seconds(100)};
  const auto times = all(PoissonArrivals{ramp}, span_of(100));
  expect_in_order_within(times, span_of(100));
  EXPECT_NEAR(static_cast<double>(times.size()), 50'000.0, 5.0 * std::sqrt(50'000.0));
  // A quarter of them in the first half.
  const Instant half = begin + Duration::from_seconds(50);
  const auto early = std::count_if(times.begin(), times.end(), [&](Instant t) { return t < half; });
  EXPECT_NEAR(static_cast<double>(early), 12'500.0, 5.0 * std::sqrt(12'500.0));
}

TEST(PoissonArrivals, RateZeroIsSilent) {
  EXPECT_TRUE(all(PoissonArrivals{rate(0)}, span_of(10)).empty());
  EXPECT_TRUE(all(ConstantArrivals{rate(0)}, span_of(10)).empty());
}

TEST(GammaArrivals, SpreadOfGapsFollowsTheShape) {
  for (const double shape : {0.3, 1.0, 4.0}) {
    const auto times = all(GammaArrivals{rate(1'000), shape}, span_of(200));
    expect_in_order_within(times, span_of(200));
    const GapStatistics gaps = gaps_of(times);
    EXPECT_NEAR(gaps.mean, 1e6, 3e4) << shape;
    EXPECT_NEAR(gaps.deviation / gaps.mean, 1.0 / std::sqrt(shape), 0.03 / std::sqrt(shape))
        << shape;
  }
}

TEST(OnOffArrivals, AreOnForTheirShareOfTime) {
  const OnOffArrivals spec{rate(1'000), Duration::from_ms(200), Duration::from_ms(600)};
  const auto times = all(spec, span_of(2'000));
  expect_in_order_within(times, span_of(2'000));
  EXPECT_NEAR(static_cast<double>(times.size()), 500'000.0, 25'000.0);
  // Burstier than Poisson by far.
  const GapStatistics gaps = gaps_of(times);
  EXPECT_GT(gaps.deviation / gaps.mean, 3.0);
}

TEST(BatchArrivals, ComeTogether) {
  const auto times = all(BatchArrivals{3, Duration::from_seconds(2)}, span_of(5), 1.0, 2);
  ASSERT_EQ(times.size(), 9U);
  EXPECT_EQ(times[2], begin);
  EXPECT_EQ(times[3], begin + Duration::from_seconds(2));
  EXPECT_EQ(times[8], begin + Duration::from_seconds(4));
}

}  // namespace
}  // namespace weir::traffic
