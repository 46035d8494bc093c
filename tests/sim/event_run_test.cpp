#include "sim/event_run.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sim/by_hand_for_test.hpp"

namespace weir::sim {
namespace {

using Strings = std::vector<std::string>;

/// "TIME CLASS OPERATION.ATTEMPT yes" or "no" for each decision, in order.
Strings decisions_of(const std::string& text) {
  const OwnFile log;
  outcome_of(text, {.decisions_path = log.path()});
  std::ifstream lines(log.path());
  Strings decisions;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string time, policy, operation, name, attempt, allowed;
    for (std::string* field : {&time, &policy, &operation, &name, &attempt, &allowed}) {
      std::getline(fields, *field, ',');
    }
    decisions.push_back(fmt::format("{} {}{}.{} {}", static_cast<double>(std::stoll(time)) / ms,
                                    name, operation, attempt, allowed == "1" ? "yes" : "no"));
  }
  return decisions;
}

// ---- The order of events

TEST(EventRun, AtOneInstantWhatEndsComesFirstThenWhatIsTriedAgainThenWhatArrives) {
  // The second comes back just when the first ends and the third arrives.
  const Arrivals arrivals({0, 500, 1'000},
                          R"("on_denied": {"behaviour": "fixed", "delay": "500ms"})");
  EXPECT_EQ(decisions_of(
                scenario_text(one_at_once, arrivals.text(), backend_field(R"("latency": "1s")"))),
            (Strings{"0 a0.1 yes", "500 a1.1 no", "1000 a1.2 yes", "1000 a2.1 no", "1500 a2.2 no",
                     "2000 a2.3 yes"}));
}

TEST(EventRun, AtOneInstantClientsThatHaveThoughtComeBetweenRetriesAndArrivals) {
  // The client has its answer at 500 and thinks until 1000.
  const std::string clients =
      R"({"name": "c", "clients": {"count": 1, "think_time": "500ms"}, "until": "1s1ms",
          "on_denied": {"behaviour": "give-up"}})";
  const Arrivals retried({0}, R"("on_denied": {"behaviour": "fixed", "delay": "1s"})");
  const Arrivals arrivals({1'000});
  EXPECT_EQ(decisions_of(scenario_text(
                one_at_once, clients + ", " + retried.text("r") + ", " + arrivals.text("a"),
                backend_field(R"("latency": "500ms")"))),
            (Strings{"0 c0.1 yes", "0 r0.1 no", "1000 r0.2 yes", "1000 c1.1 no", "1000 a0.1 no"}));
}

TEST(EventRun, WhatFallsDueAtOneInstantKeepsItsOrder) {
  const Arrivals arrivals({0, 10, 20, 30}, R"("on_denied": {"behaviour": "fixed", "delay": "1s"})");
  const Arrivals late({1'000}, R"("on_denied": {"behaviour": "fixed", "delay": "20ms"})");
  const std::string once =
      R"({"algorithm": "token-bucket", "capacity": 1, "rate": "0/s", "key": []})";
  const Strings decisions =
      decisions_of(scenario_text(once, arrivals.text() + ", " + late.text("z")));
  // The third was denied at 20 and is due again at 1020, the late one, too, but denied later.
  EXPECT_EQ(decisions[5], "1010 a1.2 no");
  EXPECT_EQ(decisions[6], "1020 a2.2 no");
  EXPECT_EQ(decisions[7], "1020 z0.2 no");
}

// Where requests are served in no time they end at the instant at which they are admitted, whatever
// brought them in.
TEST(EventRun, WhatIsTriedAgainCanBeServedInNoTime) {
  const Arrivals arrivals({0, 0}, R"("on_denied": {"behaviour": "fixed", "delay": "2s"})");
  const std::string limits = std::string(one_a_second) + ", " + one_at_once;
  for (const std::string& served : {std::string(), backend_field(R"("latency": "0s")")}) {
    const metrics::Outcome outcome = outcome_of(scenario_text(limits, arrivals.text(), served));
    EXPECT_EQ(only(outcome).totals.attempts, 3U);
    EXPECT_EQ(only(outcome).operations.succeeded, 2U);
    EXPECT_EQ(only(outcome).latency_operation.max(), 2'000 * ms);
  }
}

TEST(EventRun, WhatALimiterHeldBackCanBeServedInNoTime) {
  const Arrivals arrivals({0, 0, 0});
  const std::string limits =
      R"({"algorithm": "leaky-bucket-queue", "capacity": 9, "rate": "1/s", "key": []},
         {"algorithm": "concurrency", "limit": 9, "key": []})";
  const metrics::Outcome outcome = outcome_of(scenario_text(limits, arrivals.text()));
  EXPECT_EQ(only(outcome).operations.succeeded, 3U);
  EXPECT_EQ(only(outcome).delay.max(), 2'000 * ms);
}

TEST(EventRun, ClientsThatThinkCanBeServedInNoTime) {
  const std::string clients = R"({"name": "a", "clients": {"count": 2, "think_time": "1s"}})";
  EXPECT_EQ(decisions_of(scenario_text(one_at_once, clients, R"("duration": "2500ms", )")),
            (Strings{"0 a0.1 yes", "0 a1.1 yes", "1000 a2.1 yes", "1000 a3.1 yes", "2000 a4.1 yes",
                     "2000 a5.1 yes"}));
}

// ---- Retries

TEST(EventRun, ObedientClientsComeBackAtThePromisedInstant) {
  // Told 1 s each time, 700 ms rounded up.
  const Arrivals arrivals({0, 300}, R"("on_denied": {"behaviour": "retry-after"})");
  const std::string text = scenario_text(one_a_second, arrivals.text());
  EXPECT_EQ(decisions_of(text), (Strings{"0 a0.1 yes", "300 a1.1 no", "1300 a1.2 yes"}));
  const metrics::Outcome outcome = outcome_of(text);
  EXPECT_EQ(only(outcome).retry_after.client_obeyed, 1U);
  EXPECT_EQ(only(outcome).retry_after.client_early, 0U);
  EXPECT_EQ(only(outcome).latency_operation.max(), 1'000 * ms);
  // A later attempt's own latency begins with that attempt.
  EXPECT_EQ(only(outcome).latency_allowed.max(), 0);
}

TEST(EventRun, ImpatientClientsComeBackEarly) {
  const Arrivals arrivals(
      {0, 300}, R"("on_denied": {"behaviour": "retry-after", "cap": "200ms", "max_attempts": 9})");
  const std::string text = scenario_text(one_a_second, arrivals.text());
  EXPECT_EQ(decisions_of(text), (Strings{"0 a0.1 yes", "300 a1.1 no", "500 a1.2 no", "700 a1.3 no",
                                         "900 a1.4 no", "1100 a1.5 yes"}));
  const metrics::Outcome outcome = outcome_of(text);
  EXPECT_EQ(only(outcome).retry_after.client_obeyed, 0U);
  EXPECT_EQ(only(outcome).retry_after.client_early, 4U);
}

TEST(EventRun, ImmediateRetriesAreARoundTripApart) {
  const Arrivals arrivals({0, 998}, R"("on_denied": {"behaviour": "immediate"})");
  EXPECT_EQ(decisions_of(scenario_text(one_a_second, arrivals.text())),
            (Strings{"0 a0.1 yes", "998 a1.1 no", "999 a1.2 no", "1000 a1.3 yes"}));
}

TEST(EventRun, ExponentialBackoffDoubles) {
  const Arrivals arrivals({0, 0}, R"("on_denied": {"behaviour": "exponential", "base": "100ms",
      "cap": "300ms", "jitter": "none", "max_attempts": 6})");
  EXPECT_EQ(decisions_of(scenario_text(one_a_second, arrivals.text())),
            (Strings{"0 a0.1 yes", "0 a1.1 no", "100 a1.2 no", "300 a1.3 no", "600 a1.4 no",
                     "900 a1.5 no", "1200 a1.6 yes"}));
}

TEST(EventRun, GivesUpAfterItsLastAttempt) {
  const Arrivals arrivals(
      {0, 0}, R"("on_denied": {"behaviour": "fixed", "delay": "100ms", "max_attempts": 3})");
  const metrics::Outcome outcome = outcome_of(scenario_text(one_a_second, arrivals.text()));
  const metrics::Operations& operations = only(outcome).operations;
  EXPECT_EQ(operations.attempts, 4U);
  EXPECT_EQ(operations.retries, 2U);
  EXPECT_EQ(operations.succeeded, 1U);
  EXPECT_EQ(operations.abandoned, 1U);
}

TEST(EventRun, WhatWouldBeTriedAgainAfterTheEndIsUnfinished) {
  const Arrivals arrivals({0, 400, 600},
                          R"("on_denied": {"behaviour": "fixed", "delay": "500ms"})");
  const metrics::Outcome outcome =
      outcome_of(scenario_text(R"({"algorithm": "token-bucket", "capacity": 1, "rate": "0/s"})",
                               arrivals.text(), R"("duration": "1s", )"));
  const metrics::Operations& operations = only(outcome).operations;
  // The second comes back at 900, and would once more at 1400; the third at 1100.
  EXPECT_EQ(operations.attempts, 4U);
  EXPECT_EQ(operations.succeeded, 1U);
  EXPECT_EQ(operations.abandoned, 0U);
  EXPECT_EQ(operations.unfinished, 2U);
}

TEST(EventRun, TheEndItselfIsAfterTheRun) {
  const Arrivals arrivals({0, 500}, R"("on_denied": {"behaviour": "fixed", "delay": "500ms"})");
  const metrics::Outcome outcome =
      outcome_of(scenario_text(one_a_second, arrivals.text(), R"("duration": "1s", )"));
  EXPECT_EQ(only(outcome).totals.attempts, 2U);
  EXPECT_EQ(only(outcome).operations.unfinished, 1U);
}

// ---- Clients that pause altogether

TEST(EventRun, WhatAPausingClientWantsToSendGathersBehindIt) {
  const Arrivals arrivals("time,user", "0,u\n0.1,u\n0.2,u\n0.25,v\n0.3,u\n",
                          R"("on_denied": {"behaviour": "fixed", "delay": "1s", "scope": "client",
                             "client": "user", "max_attempts": 9})");
  const std::string text =
      scenario_text(R"({"algorithm": "fixed-window", "limit": 1, "window": "1s", "key": ["user"]})",
                    arrivals.text());
  EXPECT_EQ(decisions_of(text),
            (Strings{"0 a0.1 yes", "100 a1.1 no", "250 a3.1 yes", "1100 a1.2 yes", "1100 a2.1 no",
                     "2100 a2.2 yes", "2100 a4.1 no", "3100 a4.2 yes"}));
  // From when they were due, not from when their client was free to send them.
  EXPECT_EQ(only(outcome_of(text)).latency_operation.max(), 2'800 * ms);
}

TEST(EventRun, ALaterAttemptIsDueWhenItIsSent) {
  const Arrivals arrivals("time,user", "0,u\n0.1,u\n0.2,u\n",
                          R"("on_denied": {"behaviour": "fixed", "delay": "1s", "scope": "client",
                             "client": "user"})");
  const metrics::Outcome outcome =
      outcome_of(scenario_text(R"({"algorithm": "token-bucket", "capacity": 1, "rate": "2/s",
          "key": ["user"]})",
                               arrivals.text()));
  // At 100 there is a fifth of a token, at 1100 the bucket is full: the second takes all of it.
  // The third, due at 200, is denied at 1100, comes back at 2100: a later attempt, due then.
  EXPECT_EQ(only(outcome).latency_allowed.max(), 0);
  EXPECT_EQ(only(outcome).latency_operation.max(), 1'900 * ms);
}

TEST(EventRun, AllThatGatheredGoesWhenThereIsRoom) {
  const Arrivals arrivals("time,user", "0,u\n0.1,u\n0.2,u\n0.3,u\n",
                          R"("on_denied": {"behaviour": "fixed", "delay": "1s", "scope": "client",
                             "client": "user"})");
  const std::string text = scenario_text(
      R"({"algorithm": "token-bucket", "capacity": 3, "rate": "3/1s", "refill": "interval",
          "initial": 1, "key": ["user"]})",
      arrivals.text());
  const metrics::Outcome outcome = outcome_of(text);
  EXPECT_EQ(decisions_of(text), (Strings{"0 a0.1 yes", "100 a1.1 no", "1100 a1.2 yes",
                                         "1100 a2.1 yes", "1100 a3.1 yes"}));
  // First attempts that had to wait for their client are late by that.
  EXPECT_EQ(only(outcome).latency_allowed.max(), 900 * ms);
}

TEST(EventRun, WhatIsDeniedLateIsLateByThat) {
  const Arrivals arrivals("time,user", "0,u\n0.1,u\n0.3,u\n",
                          R"("on_denied": {"behaviour": "fixed", "delay": "1s", "scope": "client",
                             "client": "user", "max_attempts": 2})");
  const metrics::Outcome outcome = outcome_of(
      scenario_text(R"({"algorithm": "token-bucket", "capacity": 1, "rate": "0/s", "key": []})",
                    arrivals.text()));
  // Denied at 100 and 1100; the third is due at 300, denied at 1100 for the first time.
  EXPECT_EQ(only(outcome).latency_denied.count(), 4U);
  EXPECT_EQ(only(outcome).latency_denied.max(), 800 * ms);
  EXPECT_EQ(only(outcome).latency_denied.mean(), 200 * ms);
}

TEST(EventRun, WhatStillWaitsBehindAClientIsUnfinished) {
  const Arrivals arrivals("time,user", "0,u\n0.1,u\n0.2,u\n0.3,u\n",
                          R"("on_denied": {"behaviour": "fixed", "delay": "1s", "scope": "client",
                             "client": "user"})");
  const metrics::Outcome outcome = outcome_of(
      scenario_text(R"({"algorithm": "token-bucket", "capacity": 1, "rate": "0/s", "key": []})",
                    arrivals.text(), R"("duration": "1s", )"));
  const metrics::Operations& operations = only(outcome).operations;
  EXPECT_EQ(operations.count, 4U);
  EXPECT_EQ(operations.attempts, 2U);
  EXPECT_EQ(operations.unfinished, 3U);
}

// Two operations of one client wait at once when the back end refuses one that a limiter had held
// back. The client sends nothing until the later of the two.
TEST(EventRun, AClientThatWaitsTwicePausesUntilTheLater) {
  const Arrivals busy({900});
  const Arrivals arrivals("time,user", "0,u\n0.1,u\n0.2,u\n0.95,u\n",
                          R"("on_denied": {"behaviour": "fixed", "delay": "2s", "scope": "client",
                             "client": "user"})");
  const std::string text = scenario_text(
      R"({"algorithm": "leaky-bucket-queue", "capacity": 1, "rate": "1/s", "key": ["user"]})",
      arrivals.text() + ", " + busy.text("b"),
      backend_field(R"("latency": "500ms", "slots": 1, "queue": 0)"));
  // The second is held back until 1000 and refused then: back at 3000. The third is denied at 200:
  // back at 2200, which its client lets pass. The fourth gathers behind both.
  EXPECT_EQ(decisions_of(text),
            (Strings{"0 a0.1 yes", "100 a1.1 yes", "200 a2.1 no", "900 b0.1 yes", "3000 a1.2 yes",
                     "3000 a3.1 yes", "3000 a2.2 no", "5000 a2.3 yes"}));
}

// ---- Clients that throttle themselves

const char* const throttle = R"("on_denied": {"behaviour": "adaptive-throttle", "k": 1,
    "window": "1h", "client": "user"})";

std::string constant_users(const std::string& fields) {
  return R"({"name": "a", "arrivals": {"process": "constant", "rate": "100/s"},
             "attributes": {"user": "u"}, )" +
         fields + "}";
}

TEST(EventRun, AThrottledClientSendsAllThatIsAdmitted) {
  const metrics::Outcome outcome =
      outcome_of(scenario_text("", constant_users(throttle), R"("duration": "10s", )"));
  EXPECT_EQ(only(outcome).operations.throttled, 0U);
  EXPECT_EQ(only(outcome).totals.allowed, 1'000U);
}

TEST(EventRun, AThrottledClientSendsHardlyAnythingThatIsDenied) {
  const metrics::Outcome outcome = outcome_of(scenario_text(
      R"({"algorithm": "deny-all"})", constant_users(throttle), R"("duration": "10s", )"));
  const metrics::Operations& operations = only(outcome).operations;
  // After n requests and no admission it refuses with n / (n + 1): so it sends 1/1 + 1/2 + ... +
  // 1/1000 of them, 7.5 on average; the variance is a little less.
  EXPECT_EQ(operations.count, 1'000U);
  EXPECT_EQ(operations.throttled + only(outcome).totals.denied, 1'000U);
  EXPECT_EQ(operations.abandoned, 1'000U);
  EXPECT_GE(only(outcome).totals.denied, 1U);
  EXPECT_LE(only(outcome).totals.denied, 16U);
}

TEST(EventRun, AThrottledClientTakesAFullQueueForADenial) {
  const metrics::Outcome outcome = outcome_of(scenario_text(
      "", constant_users(throttle),
      R"("duration": "10s", )" + backend_field(R"("latency": "1h", "slots": 1, "queue": 0)")));
  EXPECT_EQ(only(outcome).operations.succeeded, 1U);
  EXPECT_LE(only(outcome).totals.errors, 20U);
  EXPECT_EQ(only(outcome).operations.throttled + only(outcome).totals.errors + 1, 1'000U);
}

// Only classes with the same settings share what they know of a client.
TEST(EventRun, ClassesThrottleByTheirOwnSettings) {
  const std::string forgetful = R"({"name": "b",
      "arrivals": {"process": "constant", "rate": "100/s"}, "attributes": {"user": "u"},
      "on_denied": {"behaviour": "adaptive-throttle", "k": 1, "window": "1ns", "client": "user"}})";
  const metrics::Outcome outcome = outcome_of(
      scenario_text(R"({"algorithm": "deny-all"})", constant_users(throttle) + ", " + forgetful,
                    R"("duration": "10s", )"));
  EXPECT_GT(only(outcome).classes[0].operations.throttled, 900U);
  EXPECT_EQ(only(outcome).classes[1].operations.throttled, 0U);
}

// ---- The closed model

TEST(EventRun, AClientSendsWaitsAndThinks) {
  const std::string clients = R"({"name": "a", "clients": {"count": 1, "think_time": "200ms"}})";
  EXPECT_EQ(decisions_of(scenario_text(
                "", clients, R"("duration": "1600ms", )" + backend_field(R"("latency": "300ms")"))),
            (Strings{"0 a0.1 yes", "500 a1.1 yes", "1000 a2.1 yes", "1500 a3.1 yes"}));
}

TEST(EventRun, AClientThinksAlsoAfterItGaveUp) {
  const std::string clients = R"({"name": "a", "clients": {"count": 1, "think_time": "400ms"}})";
  EXPECT_EQ(decisions_of(scenario_text(one_a_second, clients, R"("duration": "1s500ms", )")),
            (Strings{"0 a0.1 yes", "400 a1.1 no", "800 a2.1 no", "1200 a3.1 yes"}));
}

TEST(EventRun, AClientThinksAfterItsLastAttempt) {
  const std::string clients = R"({"name": "a", "clients": {"count": 1, "think_time": "50ms"},
      "on_denied": {"behaviour": "fixed", "delay": "300ms", "max_attempts": 2}})";
  EXPECT_EQ(decisions_of(scenario_text(one_a_second, clients, R"("duration": "1s", )")),
            (Strings{"0 a0.1 yes", "50 a1.1 no", "350 a1.2 no", "400 a2.1 no", "700 a2.2 no",
                     "750 a3.1 no"}));
}

TEST(EventRun, AClientThatIsServedInNoTimeSendsARoundTripLater) {
  for (const char* think_time : {"0s", "1ns", "1ms"}) {
    const std::string clients = fmt::format(
        R"({{"name": "a", "clients": {{"count": 1, "think_time": "{}"}}}})", think_time);
    EXPECT_EQ(decisions_of(scenario_text("", clients, R"("duration": "3ms", )")),
              (Strings{"0 a0.1 yes", "1 a1.1 yes", "2 a2.1 yes"}));
  }
}

TEST(EventRun, AClientThatIsServedNeedsNoFurtherRoundTrip) {
  const std::string clients = R"({"name": "a", "clients": {"count": 1}})";
  EXPECT_EQ(decisions_of(scenario_text(
                "", clients, R"("duration": "1ms", )" + backend_field(R"("latency": "400us")"))),
            (Strings{"0 a0.1 yes", "0.4 a1.1 yes", "0.8 a2.1 yes"}));
}

TEST(EventRun, ClientsBeginWithTheirClassAndEndWithIt) {
  const std::string clients =
      R"({"name": "a", "clients": {"count": 1, "think_time": "100ms"}, "from": "1s",
          "until": "1s200ms"})";
  EXPECT_EQ(decisions_of(scenario_text("", clients)), (Strings{"1000 a0.1 yes", "1100 a1.1 yes"}));
}

// ---- The back end

TEST(EventRun, WhatWasAdmittedIsFollowedBeyondTheEnd) {
  const Arrivals arrivals({0, 500});
  const metrics::Outcome outcome = outcome_of(
      scenario_text("", arrivals.text(),
                    R"("duration": "1s", )" + backend_field(R"("latency": "10s", "slots": 1)")));
  EXPECT_EQ(only(outcome).operations.succeeded, 2U);
  EXPECT_EQ(only(outcome).latency_operation.min(), 10'000 * ms);
  EXPECT_EQ(only(outcome).latency_operation.max(), 19'500 * ms);
  EXPECT_EQ(only(outcome).backend.served, 2U);
  EXPECT_EQ(only(outcome).backend.wait.max(), 9'500 * ms);
  // The times are those within the run.
  EXPECT_EQ(only(outcome).backend.busy_ns, Uint128{1'000 * ms});
  EXPECT_EQ(only(outcome).backend.present_ns, Uint128{1'500 * ms});
  EXPECT_EQ(only(outcome).backend.peak_running, 1U);
  EXPECT_EQ(only(outcome).backend.peak_waiting, 1U);
}

TEST(EventRun, AFullQueueIsAnErrorThatMayBeTriedAgain) {
  const Arrivals arrivals({0, 100}, R"("on_denied": {"behaviour": "fixed", "delay": "2s"})");
  const metrics::Outcome outcome = outcome_of(scenario_text(
      "", arrivals.text(), backend_field(R"("latency": "1s", "slots": 1, "queue": 0)")));
  EXPECT_EQ(only(outcome).totals,
            (metrics::Counts{.attempts = 3, .allowed = 2, .denied = 0, .errors = 1}));
  EXPECT_EQ(only(outcome).classes[0].counts, only(outcome).totals);
  EXPECT_EQ(only(outcome).backend.refused, 1U);
  EXPECT_EQ(only(outcome).operations.succeeded, 2U);
  EXPECT_EQ(only(outcome).operations.retries, 1U);
  EXPECT_EQ(only(outcome).latency_operation.max(), 3'000 * ms);
  EXPECT_EQ(only(outcome).latency_allowed.count(), 2U);
  EXPECT_EQ(only(outcome).retry_after, metrics::RetryAfterTotals());
}

TEST(EventRun, ARefusedRequestGivesItsSlotsBack) {
  const Arrivals arrivals({0, 100, 200, 300});
  const metrics::Outcome outcome = outcome_of(
      scenario_text(R"({"algorithm": "concurrency", "limit": 2, "key": []})", arrivals.text(),
                    backend_field(R"("latency": "1s", "slots": 1, "queue": 0)")));
  EXPECT_EQ(only(outcome).totals.errors, 3U);
  EXPECT_EQ(only(outcome).totals.denied, 0U);
}

TEST(EventRun, TheBackEndServesFirstComeFirstServed) {
  const Arrivals arrivals({0, 10, 20, 30, 40});
  const metrics::Outcome outcome = outcome_of(scenario_text(
      "", arrivals.text(), backend_field(R"("latency": "100ms", "slots": 2, "queue": 2)")));
  // Two are served at once, two wait for 90 and 80, one is refused.
  EXPECT_EQ(only(outcome).backend.refused, 1U);
  EXPECT_EQ(only(outcome).backend.wait.count(), 4U);
  EXPECT_EQ(only(outcome).backend.wait.mean(), 160 * ms / 4);
  EXPECT_EQ(only(outcome).backend.wait.max(), 80 * ms);
  EXPECT_EQ(only(outcome).backend.busy_ns, Uint128{400 * ms});
  EXPECT_EQ(only(outcome).backend.present_ns, Uint128{560 * ms});
}

TEST(EventRun, TokensTakeTheirTime) {
  const Arrivals arrivals("time,cost.tokens", "0,1\n1,0\n2,21\n");
  const metrics::Outcome outcome = outcome_of(scenario_text(
      "", arrivals.text(),
      backend_field(R"("first_token": "100ms", "per_token": "10ms", "tokens": "tokens")")));
  EXPECT_EQ(only(outcome).latency_operation.min(), 100 * ms);
  EXPECT_EQ(only(outcome).latency_operation.max(), 300 * ms);
  EXPECT_EQ(only(outcome).latency_operation.mean(), 500 * ms / 3);
}

// ---- Clients that leave

TEST(EventRun, AClientThatLeavesFreesItsSlot) {
  const Arrivals arrivals({0, 150}, R"("abandon": {"share": 1, "after": "150ms"})");
  const metrics::Outcome outcome = outcome_of(scenario_text(
      one_at_once, arrivals.text(), backend_field(R"("latency": "1s", "slots": 1, "queue": 0)")));
  EXPECT_EQ(only(outcome).totals.allowed, 2U);
  EXPECT_EQ(only(outcome).backend.left, 2U);
  EXPECT_EQ(only(outcome).backend.served, 0U);
  EXPECT_EQ(only(outcome).backend.busy_ns, Uint128{300 * ms});
  EXPECT_EQ(only(outcome).operations.abandoned, 2U);
  EXPECT_EQ(only(outcome).latency_allowed.count(), 0U);
}

TEST(EventRun, AClientThatLeavesTheQueueMakesRoomInIt) {
  const Arrivals stays({0});
  const Arrivals leaves({10}, R"("abandon": {"share": 1, "after": "20ms"})");
  const Arrivals next({20, 30});
  const metrics::Outcome outcome =
      outcome_of(scenario_text("", stays.text() + ", " + leaves.text("b") + ", " + next.text("c"),
                               backend_field(R"("latency": "100ms", "slots": 1, "queue": 1)")));
  // One leaves just before the other comes that takes its place.
  EXPECT_EQ(only(outcome).backend.refused, 1U);
  EXPECT_EQ(only(outcome).backend.left, 1U);
  EXPECT_EQ(only(outcome).backend.served, 2U);
  EXPECT_EQ(only(outcome).backend.present_ns, Uint128{(100 + 20 + 170) * ms});
  EXPECT_EQ(only(outcome).backend.wait.max(), 70 * ms);
}

TEST(EventRun, WhoHasItsAnswerBeforeItWouldLeaveStays) {
  const Arrivals arrivals({0}, R"("abandon": {"share": 1, "after": "100ms"})");
  for (const auto& [latency, succeeded] : {std::pair("100ms", 1U), std::pair("101ms", 0U)}) {
    const metrics::Outcome outcome = outcome_of(scenario_text(
        "", arrivals.text(), backend_field(fmt::format(R"("latency": "{}")", latency))));
    EXPECT_EQ(only(outcome).operations.succeeded, succeeded);
    EXPECT_EQ(only(outcome).operations.abandoned, 1 - succeeded);
  }
}

TEST(EventRun, ThoseWhoLeaveInTheMiddleLeaveAnywhere) {
  const std::string traffic = R"({"arrivals": {"process": "constant", "rate": "100/s"},
      "abandon": 0.3, "until": "90s"})";
  const metrics::Outcome outcome =
      outcome_of(scenario_text("", traffic, backend_field(R"("latency": "1s", "slots": 1000)")));
  const metrics::BackendTotals& backend = only(outcome).backend;
  EXPECT_EQ(backend.left + backend.served, 9'000U);
  // 2700 on average, by four standard deviations of 44.
  EXPECT_NEAR(static_cast<double>(backend.left), 2'700.0, 176.0);
  // Half a second each on average, by four standard deviations of 0.29 s over the root of 2700.
  const double stayed =
      static_cast<double>(backend.busy_ns) / 1e9 - static_cast<double>(backend.served);
  EXPECT_NEAR(stayed / static_cast<double>(backend.left), 0.5, 0.023);
}

TEST(EventRun, SomebodyMayLeaveWhileALimiterHoldsThemBack) {
  const Arrivals arrivals({0, 0, 0}, R"("abandon": {"share": 1, "after": "1500ms"})");
  const std::string queue =
      R"({"algorithm": "leaky-bucket-queue", "capacity": 9, "rate": "1/s", "key": []})";
  const metrics::Outcome outcome = outcome_of(scenario_text(queue, arrivals.text()));
  // Let through at 0, 1000 and 2000.
  EXPECT_EQ(only(outcome).operations.succeeded, 2U);
  EXPECT_EQ(only(outcome).operations.abandoned, 1U);
  EXPECT_EQ(only(outcome).latency_operation.max(), 1'000 * ms);
}

// ---- Concurrency

const char* const line_of_two =
    R"({"algorithm": "concurrency", "limit": 1, "queue": 2, "key": []})";

TEST(EventRun, AConcurrencyLimitServesFirstComeFirstServed) {
  const Arrivals arrivals({0, 10, 20, 30});
  const metrics::Outcome outcome = outcome_of(
      scenario_text(line_of_two, arrivals.text(), backend_field(R"("latency": "100ms")")));
  EXPECT_EQ(only(outcome).totals.denied, 1U);
  EXPECT_EQ(only(outcome).delay.count(), 3U);
  EXPECT_EQ(only(outcome).delay.mean(), (90 + 180) * ms / 3);
  EXPECT_EQ(only(outcome).delay.max(), 180 * ms);
  EXPECT_EQ(only(outcome).latency_operation.max(), 280 * ms);
}

TEST(EventRun, AWideRequestAtTheHeadOfTheLineIsNotOvertaken) {
  const Arrivals arrivals("time,cost", "0,1\n0.01,2\n0.02,1\n");
  const metrics::Outcome outcome =
      outcome_of(scenario_text(R"({"algorithm": "concurrency", "limit": 2, "queue": 9, "key": []})",
                               arrivals.text(), backend_field(R"("latency": "100ms")")));
  EXPECT_EQ(only(outcome).delay.max(), 180 * ms);
  EXPECT_EQ(only(outcome).delay.mean(), (90 + 180) * ms / 3);
}

TEST(EventRun, WhoLeavesTheLineLetsTheOthersMoveUp) {
  const Arrivals first({0});
  const Arrivals leaves({10}, R"("abandon": {"share": 1, "after": "50ms"})");
  const Arrivals last({20, 61});
  const metrics::Outcome outcome = outcome_of(
      scenario_text(line_of_two, first.text() + ", " + leaves.text("b") + ", " + last.text("c"),
                    backend_field(R"("latency": "100ms")")));
  EXPECT_EQ(only(outcome).totals.denied, 0U);
  EXPECT_EQ(only(outcome).operations.abandoned, 1U);
  EXPECT_EQ(only(outcome).delay.max(), 139 * ms);
  EXPECT_EQ(only(outcome).delay.mean(), (80 + 139) * ms / 3);
}

TEST(EventRun, LeasesThatRunOutLetTheLineMove) {
  const Arrivals arrivals({0, 10, 20});
  const metrics::Outcome outcome = outcome_of(scenario_text(
      R"({"algorithm": "concurrency", "limit": 1, "queue": 2, "slot_ttl": "50ms", "key": []})",
      arrivals.text(), backend_field(R"("latency": "1s")")));
  // At 50 and at 100, long before anybody has ended.
  EXPECT_EQ(only(outcome).delay.max(), 80 * ms);
  EXPECT_EQ(only(outcome).delay.mean(), (40 + 80) * ms / 3);
  EXPECT_EQ(only(outcome).operations.succeeded, 3U);
}

// Each of many that wait must not look for leases that run out on its own: that would take hours.
TEST(EventRun, ALongLineInFrontOfLeasesIsLookedAtOnlyOnce) {
  const std::string clients =
      R"({"clients": {"count": 3000, "think_time": {"exponential": {"mean": "10ms"}}}})";
  const metrics::Outcome outcome = outcome_of(scenario_text(
      R"({"algorithm": "concurrency", "limit": 30, "queue": 3000, "slot_ttl": "1s", "key": []})",
      clients, backend_field(R"("latency": {"exponential": {"mean": "10ms"}})")));
  // All slots are busy nearly all the time.
  EXPECT_NEAR(static_cast<double>(only(outcome).totals.allowed), 303'000.0, 3'000.0);
}

TEST(EventRun, RequestsWaitInSeveralLinesAtOnce) {
  const Arrivals arrivals({0, 10, 20});
  const metrics::Outcome outcome = outcome_of(scenario_text(
      R"({"algorithm": "concurrency", "limit": 1, "queue": 5, "key": []},
         {"algorithm": "concurrency", "limit": 1, "queue": 5, "key": []},
         {"algorithm": "leaky-bucket-queue", "capacity": 9, "rate": "1/s", "key": []})",
      arrivals.text(), backend_field(R"("latency": "100ms")")));
  EXPECT_EQ(only(outcome).operations.succeeded, 3U);
  // The slots are taken while the leaky bucket still holds back: until 1000 and 2000.
  EXPECT_EQ(only(outcome).latency_operation.max(), 2'080 * ms);
}

TEST(EventRun, ALimitOnConcurrencyThatOnlyCountsHoldsNobodyBack) {
  const Arrivals arrivals({0, 10, 20, 30});
  const metrics::Outcome outcome = outcome_of(scenario_text(
      R"({"algorithm": "concurrency", "limit": 1, "queue": 2, "key": [], "enforce": false})",
      arrivals.text(), backend_field(R"("latency": "100ms")")));
  EXPECT_EQ(only(outcome).delay.max(), 0);
  EXPECT_EQ(only(outcome).latency_operation.max(), 100 * ms);
  EXPECT_EQ(only(outcome).totals.denied, 0U);
  EXPECT_EQ(only(outcome).limits[0].denied, 1U);
}

// ---- Costs that are known late

TEST(EventRun, AProductThatCountsRequestsDoesSoBeforeTheirCostsAreKnown) {
  const std::string tokens = R"("key": [], "cost": "tokens", "charge": "answer"})";
  const std::string backend = backend_field(R"("latency": "1s")");
  // Two of 60 tokens are under way before either has ended; then there are 122, until 60 s.
  const Arrivals large("time,cost.tokens", "0,60\n0.5,60\n2,1\n59.999,1\n60,1\n");
  EXPECT_EQ(
      decisions_of(scenario_text(R"({"algorithm": "litellm", "tpm": 100, )" + tokens, large.text(),
                                 backend)),
      (Strings{"0 a0.1 yes", "500 a1.1 yes", "2000 a2.1 no", "59999 a3.1 no", "60000 a4.1 yes"}));
  const Arrivals small("time,cost.tokens", "0,1\n0.1,1\n0.2,1\n");
  EXPECT_EQ(decisions_of(scenario_text(R"({"algorithm": "litellm", "rpm": 2, )" + tokens,
                                       small.text(), backend)),
            (Strings{"0 a0.1 yes", "100 a1.1 yes", "200 a2.1 no"}));
}

}  // namespace
}  // namespace weir::sim
