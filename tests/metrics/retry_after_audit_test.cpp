#include "metrics/retry_after_audit.hpp"

#include <gtest/gtest.h>

namespace weir::metrics {
namespace {

constexpr Duration nothing = Duration::max();

RetryAfterTotals judged(Duration advertised, Duration exact) {
  RetryAfterTotals totals;
  judge_promise(totals, advertised, exact);
  return totals;
}

Duration ns(std::int64_t n) { return Duration::from_ns(n); }

TEST(RetryAfterAudit, WhoIsToldNothingIsPromisedNothing) {
  for (const Duration exact : {ns(0), ns(5), nothing}) {
    const RetryAfterTotals totals = judged(nothing, exact);
    EXPECT_EQ(totals.absent, 1U);
    EXPECT_EQ(totals.present, 0U);
    EXPECT_EQ(totals.never, 0U);
    EXPECT_EQ(totals.early.count() + totals.late.count(), 0U);
  }
}

TEST(RetryAfterAudit, ANanosecondLessIsTooShort) {
  const RetryAfterTotals totals = judged(ns(4'999'999'999), ns(5'000'000'000));
  EXPECT_EQ(totals.present, 1U);
  EXPECT_EQ(totals.too_short, 1U);
  EXPECT_EQ(totals.honest, 0U);
  EXPECT_EQ(totals.early.max(), 1);
  EXPECT_EQ(totals.late.count(), 0U);
}

TEST(RetryAfterAudit, FromExactToJustBelowASecondMoreIsHonest) {
  for (const std::int64_t error : {0, 1, 999'999'999}) {
    const RetryAfterTotals totals = judged(ns(5'000 + error), ns(5'000));
    EXPECT_EQ(totals.present, 1U);
    EXPECT_EQ(totals.honest, 1U);
    EXPECT_EQ(totals.late.max(), error);
    EXPECT_EQ(totals.early.count(), 0U);
  }
}

TEST(RetryAfterAudit, ASecondMoreIsTooLong) {
  const RetryAfterTotals totals = judged(ns(1'000'005'000), ns(5'000));
  EXPECT_EQ(totals.honest, 0U);
  EXPECT_EQ(totals.too_long, 1U);
  EXPECT_EQ(totals.late.max(), 1'000'000'000);
}

TEST(RetryAfterAudit, WhereNoWaitHelpsThePromiseIsNeverKept) {
  for (const Duration advertised : {ns(0), Duration::from_seconds(1'000'000)}) {
    const RetryAfterTotals totals = judged(advertised, nothing);
    EXPECT_EQ(totals.present, 1U);
    EXPECT_EQ(totals.never, 1U);
    EXPECT_EQ(totals.too_long + totals.honest + totals.too_short, 0U);
    EXPECT_EQ(totals.early.count() + totals.late.count(), 0U);
  }
}

TEST(RetryAfterAudit, PromisesAddUp) {
  RetryAfterTotals totals;
  judge_promise(totals, ns(1), ns(3));
  judge_promise(totals, ns(3), ns(1));
  judge_promise(totals, nothing, ns(1));
  judge_promise(totals, Duration::from_seconds(2), ns(1));
  judge_promise(totals, ns(1), nothing);
  EXPECT_EQ(totals.present, 4U);
  EXPECT_EQ(totals.absent, 1U);
  EXPECT_EQ(totals.present, totals.too_short + totals.honest + totals.too_long + totals.never);
  EXPECT_EQ(totals.early.count(), totals.too_short);
  EXPECT_EQ(totals.late.count(), totals.honest + totals.too_long);
}

}  // namespace
}  // namespace weir::metrics
