#include <gtest/gtest.h>

#include <string>

#include "metrics/retry_after_audit.hpp"
#include "sim/by_hand_for_test.hpp"

namespace weir::sim {
namespace {

using metrics::LimitTotals;
using metrics::RetryAfterTotals;

// ---- Costs that are known late

std::string bucket_of_100(const std::string& charge) {
  return R"({"algorithm": "token-bucket", "capacity": 100, "rate": "0/s", "key": [],
             "cost": "tokens", "charge": )" +
         charge + "}";
}

const char* const refund = R"({"reserve": "most", "settle": "refund"})";
const char* const keep = R"({"reserve": "most", "settle": "keep"})";

LimitTotals limit_after(const std::string& limit, const std::string& rows,
                        const std::string& backend, const std::string& fields = {}) {
  const Arrivals arrivals("time,cost.tokens,cost.most", rows, fields);
  return only(outcome_of(scenario_text(limit, arrivals.text(), backend_field(backend)))).limits[0];
}

const char* const tenth_of_a_second = R"("latency": "100ms")";

TEST(EventFigures, CostsOfAnswersAreChargedWhenTheyHaveCome) {
  // All three are admitted while there is anything left; at 100 there are 70, at 110 20 are
  // lacking, at 120 25, and the fourth is denied.
  const LimitTotals limit = limit_after(
      bucket_of_100(R"("answer")"), "0,30,0\n0.01,90,0\n0.02,5,0\n0.2,1,0\n", tenth_of_a_second);
  EXPECT_EQ(limit.allowed, 3U);
  EXPECT_EQ(limit.denied, 1U);
  EXPECT_EQ(limit.settled, 125);
  EXPECT_EQ(limit.overshoot, 25);
  EXPECT_EQ(limit.reserved_unused, 0);
}

TEST(EventFigures, WhatWasReservedAndNotUsedComesBack) {
  // 40 are left for the second, 90 once the first has ended for the third.
  const LimitTotals limit =
      limit_after(bucket_of_100(refund), "0,10,60\n0.01,10,60\n0.2,10,60\n", tenth_of_a_second);
  EXPECT_EQ(limit.allowed, 2U);
  EXPECT_EQ(limit.denied, 1U);
  EXPECT_EQ(limit.settled, 20);
  EXPECT_EQ(limit.reserved_unused, 100);
  EXPECT_EQ(limit.overshoot, 0);
}

TEST(EventFigures, WhatWasReservedComesBackOnlyAtTheEnd) {
  for (const auto& [row, allowed] : {std::pair("0.099999999,1,41\n", 1U),
                                     std::pair("0.1,1,41\n", 2U), std::pair("0.1,1,91\n", 1U)}) {
    EXPECT_EQ(limit_after(bucket_of_100(refund), std::string("0,10,60\n") + row, tenth_of_a_second)
                  .allowed,
              allowed)
        << row;
  }
}

TEST(EventFigures, WhatWasReservedCanBeKept) {
  const LimitTotals limit =
      limit_after(bucket_of_100(keep), "0,10,60\n0.01,10,60\n0.2,10,60\n", tenth_of_a_second);
  EXPECT_EQ(limit.allowed, 1U);
  EXPECT_EQ(limit.settled, 10);
  EXPECT_EQ(limit.reserved_unused, 50);
}

TEST(EventFigures, WhatWasUsedBeyondTheReservationIsCharged) {
  for (const char* charge : {refund, keep}) {
    // 20 are left after the first, all of which the second reserves, and uses 60 more.
    const LimitTotals limit =
        limit_after(bucket_of_100(charge), "0,80,50\n0.2,80,20\n0.4,1,1\n", tenth_of_a_second);
    EXPECT_EQ(limit.allowed, 2U);
    EXPECT_EQ(limit.settled, 160);
    EXPECT_EQ(limit.overshoot, 60);
    EXPECT_EQ(limit.reserved_unused, 0);
  }
}

TEST(EventFigures, WhatTheBackEndRefusedUsedNothing) {
  const char* const one_slot = R"("latency": "1s", "slots": 1, "queue": 0)";
  const char* const rows = "0,60,60\n0.1,40,40\n0.2,40,40\n";
  const LimitTotals given_back = limit_after(bucket_of_100(refund), rows, one_slot);
  EXPECT_EQ(given_back.allowed, 3U);
  EXPECT_EQ(given_back.settled, 60);
  EXPECT_EQ(given_back.reserved_unused, 80);
  const LimitTotals kept = limit_after(bucket_of_100(keep), rows, one_slot);
  EXPECT_EQ(kept.allowed, 2U);
  EXPECT_EQ(kept.settled, 60);
  EXPECT_EQ(kept.reserved_unused, 40);
}

/// 100 ms for the first token and 10 for each further: an answer of 21 takes 300.
const char* const tokens_of_10_ms =
    R"("first_token": "100ms", "per_token": "10ms", "tokens": "tokens")";

std::int64_t settled_by_leaving_after(const std::string& time, const std::string& limit) {
  return limit_after(limit, "0,21,0\n", tokens_of_10_ms,
                     R"("abandon": {"share": 1, "after": ")" + time + "\"}")
      .settled;
}

TEST(EventFigures, WhoLeavesPaysForTheTokensThatThereWere) {
  const std::string limit = bucket_of_100(R"("answer")");
  EXPECT_EQ(settled_by_leaving_after("0s", limit), 0);
  EXPECT_EQ(settled_by_leaving_after("99ms", limit), 0);
  EXPECT_EQ(settled_by_leaving_after("100ms", limit), 1);
  EXPECT_EQ(settled_by_leaving_after("109ms", limit), 1);
  EXPECT_EQ(settled_by_leaving_after("150ms", limit), 6);
  EXPECT_EQ(settled_by_leaving_after("299ms", limit), 20);
  EXPECT_EQ(settled_by_leaving_after("300ms", limit), 21);
}

TEST(EventFigures, WhoLeavesPaysAllOfOtherCosts) {
  const std::string limit = R"({"algorithm": "token-bucket", "capacity": 100, "rate": "0/s",
      "cost": "most", "charge": "answer"})";
  const LimitTotals totals = limit_after(limit, "0,21,7\n", tokens_of_10_ms,
                                         R"("abandon": {"share": 1, "after": "50ms"})");
  EXPECT_EQ(totals.settled, 7);
}

TEST(EventFigures, WhoLeavesTheQueuePaysNothing) {
  const Arrivals stays("time,cost.tokens", "0,10\n");
  const Arrivals leaves("time,cost.tokens", "0.05,10\n",
                        R"("abandon": {"share": 1, "after": "120ms"})");
  const metrics::Outcome outcome =
      outcome_of(scenario_text(bucket_of_100(R"("answer")"), stays.text() + ", " + leaves.text("b"),
                               backend_field(R"("latency": "200ms", "slots": 1)")));
  EXPECT_EQ(only(outcome).limits[0].allowed, 2U);
  EXPECT_EQ(only(outcome).limits[0].settled, 10);
}

TEST(EventFigures, LateCostsAreSettledAtOnceWithoutABackEnd) {
  const Arrivals arrivals("time,cost.tokens", "0,60\n0,60\n0,60\n");
  const metrics::Outcome outcome =
      outcome_of(scenario_text(bucket_of_100(R"("answer")"), arrivals.text()));
  EXPECT_EQ(only(outcome).limits[0].allowed, 2U);
  EXPECT_EQ(only(outcome).limits[0].overshoot, 20);
}

// ---- What Retry-After promised

RetryAfterTotals told_by(const std::string& limits, const std::string& rows,
                         const std::string& on_denied = R"({"behaviour": "give-up"})") {
  const Arrivals arrivals("time", rows, R"("on_denied": )" + on_denied);
  return only(outcome_of(scenario_text(limits, arrivals.text()))).retry_after;
}

TEST(EventFigures, RoundingUpToSecondsIsHonest) {
  const RetryAfterTotals told = told_by(one_a_second, "0\n0.3\n0.999999999\n");
  EXPECT_EQ(told.present, 2U);
  EXPECT_EQ(told.honest, 2U);
  EXPECT_EQ(told.late.min(), 300 * ms);
  EXPECT_EQ(told.late.max(), 999'999'999);
}

TEST(EventFigures, TheWaitToTheMillisecondIsHonest) {
  const RetryAfterTotals told = told_by(
      R"({"algorithm": "node-rate-limiter-flexible", "points": 1, "duration": "2s"})", "0\n0.3\n");
  EXPECT_EQ(told.honest, 1U);
  EXPECT_EQ(told.late.max(), 0);
}

TEST(EventFigures, RoundingDownIsTooShort) {
  // redis-cell leaves away what is less than a millisecond.
  const RetryAfterTotals told = told_by(
      R"({"algorithm": "redis-cell", "max_burst": 0, "count": 1, "period": "1s"})", "0\n0.9995\n");
  EXPECT_EQ(told.present, 1U);
  EXPECT_EQ(told.too_short, 1U);
  EXPECT_EQ(told.early.max(), 500'000);
}

TEST(EventFigures, AWholePeriodIsTooLongNearItsEnd) {
  const char* const limit = R"({"algorithm": "dotnet-token-bucket", "token_limit": 1,
      "tokens_per_period": 1, "replenishment_period": "10s"})";
  const RetryAfterTotals told = told_by(limit, "0\n9\n9.5\n");
  EXPECT_EQ(told.too_long, 2U);
  EXPECT_EQ(told.late.min(), 9'000 * ms);
  EXPECT_EQ(told.late.max(), 9'500 * ms);
  // A second too late is no longer honest.
  EXPECT_EQ(told_by(limit, "0\n1\n").too_long, 1U);
  EXPECT_EQ(told_by(limit, "0\n0.999999999\n").honest, 1U);
}

TEST(EventFigures, APromiseWhereNoWaitHelpsIsNeverKept) {
  const RetryAfterTotals told =
      told_by(R"({"algorithm": "node-express-rate-limit", "limit": 0, "window": "10s"})", "0\n3\n");
  EXPECT_EQ(told.present, 2U);
  EXPECT_EQ(told.never, 2U);
  EXPECT_EQ(told.late.count() + told.early.count(), 0U);
}

TEST(EventFigures, SomeProductsPromiseNothing) {
  const RetryAfterTotals told =
      told_by(R"({"algorithm": "go-x-time-rate", "rate": "1/s", "burst": 1})", "0\n0.5\n");
  EXPECT_EQ(told.absent, 1U);
  EXPECT_EQ(told.present, 0U);
}

TEST(EventFigures, TheLongestPromiseOfThoseThatDenyCounts) {
  const std::string ten_seconds =
      R"({"algorithm": "fixed-window", "limit": 1, "window": "10s", "key": []})";
  const RetryAfterTotals told = told_by(one_a_second + (", " + ten_seconds), "0\n0.3\n");
  // 10 s promised, 9.7 s needed.
  EXPECT_EQ(told.present, 1U);
  EXPECT_EQ(told.honest, 1U);
  EXPECT_EQ(told.late.max(), 300 * ms);
}

TEST(EventFigures, APromiseIsJudgedByAllLimits) {
  // Only one of those that deny says for how long: it says too little.
  const std::string silent = R"({"algorithm": "go-x-time-rate", "rate": "1/10s", "burst": 1})";
  const RetryAfterTotals told = told_by(one_a_second + (", " + silent), "0\n0.5\n");
  EXPECT_EQ(told.present, 1U);
  EXPECT_EQ(told.too_short, 1U);
  EXPECT_NEAR(static_cast<double>(told.early.max()), 8.5e9, 10.0);
}

TEST(EventFigures, ALimitThatOnlyCountsPromisesNothing) {
  const std::string counts = R"({"algorithm": "fixed-window", "limit": 1, "window": "10s",
      "key": [], "enforce": false})";
  const RetryAfterTotals told = told_by(one_a_second + (", " + counts), "0\n0.3\n");
  EXPECT_EQ(told.honest, 1U);
  EXPECT_EQ(told.late.max(), 300 * ms);
}

TEST(EventFigures, ClientsObeyOrComeEarly) {
  const RetryAfterTotals early =
      told_by(one_a_second, "0\n0.3\n", R"({"behaviour": "fixed", "delay": "999ms"})");
  EXPECT_EQ(early.client_early, 1U);
  EXPECT_EQ(early.client_obeyed, 0U);
  const RetryAfterTotals obeyed =
      told_by(one_a_second, "0\n0.3\n", R"({"behaviour": "fixed", "delay": "1s"})");
  EXPECT_EQ(obeyed.client_early, 0U);
  EXPECT_EQ(obeyed.client_obeyed, 1U);
  // Those who were told nothing can do neither.
  const RetryAfterTotals silent =
      told_by(R"({"algorithm": "go-x-time-rate", "rate": "1/s", "burst": 1})", "0\n0.5\n",
              R"({"behaviour": "fixed", "delay": "1s"})");
  EXPECT_EQ(silent.client_early + silent.client_obeyed, 0U);
}

// ---- Beside an exact window

LimitTotals beside_a_window(const std::string& limit, const std::string& rows) {
  const Arrivals arrivals("time", rows);
  return only(outcome_of(scenario_text(limit, arrivals.text()))).limits[0];
}

TEST(EventFigures, AFixedWindowAdmitsTwiceAtItsBorder) {
  const LimitTotals limit = beside_a_window(
      R"({"algorithm": "fixed-window", "limit": 3, "window": "1s", "reference": {}})",
      "0\n0.9\n0.91\n0.92\n1\n1.01\n1.02\n1.03\n");
  // Of the first window 3 of 4 are admitted. At 1 s the one of 0 s has just left the exact window,
  // which holds two; then it is full, and so is the limit in the end.
  EXPECT_EQ(limit.compared, 8U);
  EXPECT_EQ(limit.allowed, 6U);
  EXPECT_EQ(limit.false_allows, 2U);
  EXPECT_EQ(limit.false_denials, 0U);
  EXPECT_EQ(limit.peak_in_window, 5);
}

TEST(EventFigures, AFixedWindowAdmitsTwiceItsLimitAtWorst) {
  const LimitTotals limit = beside_a_window(
      R"({"algorithm": "fixed-window", "limit": 3, "window": "1s", "reference": {}})",
      "0\n1.9\n1.91\n1.92\n2\n2.01\n2.02\n2.03\n");
  EXPECT_EQ(limit.false_allows, 3U);
  EXPECT_EQ(limit.peak_in_window, 6);
}

TEST(EventFigures, ABucketDeniesWhatAWindowWouldAdmit) {
  const LimitTotals limit = beside_a_window(
      R"({"algorithm": "token-bucket", "capacity": 1, "rate": "1/s",
          "reference": {"limit": 2, "window": "1s"}})",
      "0\n0.3\n0.4\n1\n");
  EXPECT_EQ(limit.compared, 4U);
  EXPECT_EQ(limit.false_allows, 0U);
  EXPECT_EQ(limit.false_denials, 2U);
  EXPECT_EQ(limit.peak_in_window, 1);
}

TEST(EventFigures, AnExactWindowAgreesWithItself) {
  const std::string traffic = R"({"arrivals": {"process": "poisson", "rate": "50/s"},
      "attributes": {"user": {"uniform": {"count": 5}}},
      "costs": {"cost": {"uniform": {"min": 0, "max": 3}}}})";
  const metrics::Outcome outcome = outcome_of(scenario_text(
      R"({"algorithm": "sliding-window-log", "limit": 8, "window": "1s", "key": ["user"],
          "reference": {}})",
      traffic));
  const LimitTotals& limit = only(outcome).limits[0];
  EXPECT_GT(limit.denied, 100U);
  EXPECT_EQ(limit.compared, only(outcome).totals.attempts);
  EXPECT_EQ(limit.false_allows + limit.false_denials, 0U);
  EXPECT_EQ(limit.peak_in_window, 8);
}

// Whatever is known late is known late to the window, too.
TEST(EventFigures, AnExactWindowAgreesWithItselfOnLateCosts) {
  const std::string traffic = R"({"arrivals": {"process": "poisson", "rate": "50/s"},
      "attributes": {"user": {"uniform": {"count": 5}}}, "abandon": 0.2,
      "costs": {"tokens": {"uniform": {"min": 0, "max": 40}}, "most": 20}})";
  for (const std::string& charge :
       {std::string(R"("answer")"), std::string(refund), std::string(keep)}) {
    const metrics::Outcome outcome = outcome_of(scenario_text(
        R"({"algorithm": "sliding-window-log", "limit": 100, "window": "1s", "key": ["user"],
            "reference": {}, "cost": "tokens", "charge": )" +
            charge + "}",
        traffic,
        backend_field(R"("first_token": {"exponential": {"mean": "200ms"}}, "per_token": "10ms",
                         "tokens": "tokens")")));
    const LimitTotals& limit = only(outcome).limits[0];
    EXPECT_GT(limit.denied, 100U) << charge;
    EXPECT_EQ(limit.compared, only(outcome).totals.attempts) << charge;
    EXPECT_EQ(limit.false_allows, 0U) << charge;
    EXPECT_EQ(limit.false_denials, 0U) << charge;
    EXPECT_GE(limit.peak_in_window, 100) << charge;
  }
}

TEST(EventFigures, WhatAnotherLimitDeniedIsInNoWindow) {
  const std::string wide =
      R"({"algorithm": "fixed-window", "limit": 2, "window": "1s", "reference": {}})";
  const LimitTotals limit = beside_a_window(
      wide + R"(, {"algorithm": "token-bucket", "capacity": 1, "rate": "0/s"})", "0\n0.1\n0.2\n");
  EXPECT_EQ(limit.compared, 3U);
  EXPECT_EQ(limit.allowed, 3U);
  EXPECT_EQ(limit.false_allows + limit.false_denials, 0U);
  EXPECT_EQ(limit.peak_in_window, 1);
}

// ---- How evenly

TEST(EventFigures, JainsIndexIsTakenOverSharesOfOperations) {
  // One of two of one user's succeeds, the only one of the other's.
  const char* const rows = "0,a\n0.1,a\n0.2,b\n";
  const std::string limit =
      R"({"algorithm": "token-bucket", "capacity": 1, "rate": "0/s", "key": ["user"]})";
  const std::string by_user = R"("fairness": {"by": ["user"]}, )";
  const std::string serial = R"(, {"algorithm": "unlimited", "key": []})";
  const Arrivals arrivals("time,user", rows);
  const metrics::FairnessTotals expected{
      .keys = 2, .shares = 1'500'000, .squares = Uint128{1'250'000'000'000}};
  EXPECT_EQ(only(outcome_of(scenario_text(limit, arrivals.text()))).fairness, expected);
  EXPECT_EQ(only(outcome_of(scenario_text(limit, arrivals.text(), by_user))).fairness, expected);
  EXPECT_EQ(only(outcome_of(scenario_text(limit + serial, arrivals.text()))).fairness, expected);
}

TEST(EventFigures, RetriesAreNoOperationsOfTheirOwn) {
  const Arrivals arrivals("time,user", "0,a\n0.1,a\n0.2,b\n",
                          R"("on_denied": {"behaviour": "fixed", "delay": "1s"})");
  const metrics::Outcome outcome = outcome_of(
      scenario_text(R"({"algorithm": "fixed-window", "limit": 1, "window": "1s", "key": ["user"]})",
                    arrivals.text()));
  EXPECT_EQ(
      only(outcome).fairness,
      (metrics::FairnessTotals{.keys = 2, .shares = 2'000'000, .squares = 2'000'000'000'000ULL}));
}

// ---- Warm-up

TEST(EventFigures, TheWarmUpCountsNothing) {
  const Arrivals arrivals("time,user", "0,a\n0,a\n0.1,a\n0.5,b\n0.6,b\n",
                          R"("on_denied": {"behaviour": "retry-after", "cap": "100ms"},
                             "abandon": 0.5)");
  const metrics::Outcome outcome = outcome_of(scenario_text(
      R"({"algorithm": "fixed-window", "limit": 1, "window": "1s", "key": ["user"],
          "reference": {}})",
      arrivals.text(), R"("warmup": "10s", )" + backend_field(R"("latency": "1s", "slots": 1)")));
  const metrics::Accumulator& a = only(outcome);
  EXPECT_EQ(a.totals, metrics::Counts());
  EXPECT_EQ(a.operations, metrics::Operations());
  EXPECT_EQ(a.classes, std::vector<metrics::ClassTotals>(1));
  EXPECT_EQ(a.limits, std::vector<LimitTotals>(1));
  EXPECT_EQ(a.retry_after, RetryAfterTotals());
  EXPECT_EQ(a.backend, metrics::BackendTotals());
  EXPECT_EQ(a.fairness, metrics::FairnessTotals());
  EXPECT_EQ(a.series, std::vector<metrics::SeriesPoint>(a.series.size()));
  EXPECT_EQ(a.denied_keys, 0U);
  EXPECT_TRUE(a.top_denied.empty());
  for (const metrics::Histogram* h :
       {&a.latency_allowed, &a.latency_denied, &a.latency_operation, &a.delay}) {
    EXPECT_EQ(h->count(), 0U);
  }
}

TEST(EventFigures, WhatTheWarmUpLeftBehindIsThere) {
  // Ten seconds of warm-up leave one request in service and one in the queue, until 11 and 13 s.
  const Arrivals arrivals({0, 9'000, 9'500, 10'000});
  const metrics::Outcome outcome = outcome_of(scenario_text(
      "", arrivals.text(),
      R"("warmup": "10s", )" + backend_field(R"("latency": "2s", "slots": 1, "queue": 1)")));
  EXPECT_EQ(only(outcome).totals,
            (metrics::Counts{.attempts = 1, .allowed = 0, .denied = 0, .errors = 1}));
  EXPECT_EQ(only(outcome).backend.refused, 1U);
  EXPECT_EQ(only(outcome).backend.served, 0U);
  EXPECT_EQ(only(outcome).backend.busy_ns, Uint128{3'000 * ms});
  EXPECT_EQ(only(outcome).backend.present_ns, Uint128{4'000 * ms});
}

TEST(EventFigures, AnAttemptCountsWhenItIsMadeAnOperationWhenItIsDue) {
  const Arrivals arrivals({0, 9'900}, R"("on_denied": {"behaviour": "fixed", "delay": "1s"})");
  const metrics::Outcome outcome = outcome_of(
      scenario_text(R"({"algorithm": "fixed-window", "limit": 1, "window": "10s", "key": []})",
                    arrivals.text(), R"("warmup": "10s", )"));
  EXPECT_EQ(only(outcome).totals.allowed, 1U);
  EXPECT_EQ(only(outcome).operations, metrics::Operations());
  EXPECT_EQ(only(outcome).latency_operation.count(), 0U);
  EXPECT_EQ(only(outcome).retry_after.client_obeyed, 1U);
}

}  // namespace
}  // namespace weir::sim
