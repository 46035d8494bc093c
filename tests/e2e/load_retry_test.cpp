#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "e2e/limiting_server.hpp"
#include "e2e/load_support.hpp"

// The audit of Retry-After, and what clients do when they are denied, against a limiter whose
// promises are known to be true, too short or too long.

namespace weir::e2e {
namespace {

using std::chrono::milliseconds;
using Decision = LimitingServer::Decision;

/// A load on a limiting server; what differs between the tests.
struct RetryLoad {
  std::string arrivals = R"({"process": "constant", "rate": "50/s"})";
  std::string duration = "2500ms";
  std::string until = "1s";
  int users = 5;
  std::string on_denied = R"({"behaviour": "give-up"})";
  std::string audit = R"({"share": 1, "keys": 0})";
  std::string more_of_target = "";
};

LoadResult run_retry_load(const LimitingServer& server, const RetryLoad& load,
                          const std::vector<std::string>& arguments = {}) {
  constexpr const char* text = R"({{
  "name": "retry", "duration": "{duration}", "seed": 3,
  "policy": {{"limits": []}},
  "traffic": [{{
    "name": "all", "arrivals": {arrivals}, "on_denied": {on_denied},
    "until": "{until}",
    "attributes": {{"user": {{"sequence": {{"count": {users}}}}}}}
  }}],
  "target": {{
    "url": "{url}", "audit": {audit}, {more}
    "headers": {{"X-User": "{{user}}", "X-Operation": "{{operation}}"}}
  }}
}})";
  const TemporaryFolder folder;
  folder.write(
      "scenario.jsonc",
      fmt::format(text, fmt::arg("duration", load.duration), fmt::arg("arrivals", load.arrivals),
                  fmt::arg("until", load.until), fmt::arg("on_denied", load.on_denied),
                  fmt::arg("users", load.users), fmt::arg("url", local_url(server.port())),
                  fmt::arg("audit", load.audit), fmt::arg("more", load.more_of_target)));
  std::vector<std::string> all = {folder.path("scenario.jsonc")};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run_load(all);
}

bool is_of_audit(const Decision& d) { return d.user.rfind("audit-", 0) == 0; }

/// That the report tells of every request that the server has met, the audit's apart.
void expect_all_told(const LoadResult& result, const std::vector<Decision>& decisions) {
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("totals.attempts") + result.number("audit.requests"),
            static_cast<std::int64_t>(decisions.size()));
  EXPECT_EQ(result.number("totals.errors"), 0);
  EXPECT_EQ(result.number("audit.errors"), 0);
  EXPECT_EQ(result.number("schedule.unsent"), 0);
}

/// Thirty requests of ten users, a third of them denied: each user's three come 100 ms after each
/// other.
RetryLoad three_times_each() {
  return {.arrivals = R"({"process": "batch", "size": 10, "every": "100ms"})",
          .duration = "1500ms",
          .until = "300ms",
          .users = 10};
}

// ---- Promises

TEST(LoadRetry, PromisesThatHoldAreKept) {
  const LimitingServer server({.capacity = 2, .for_one = milliseconds(900)});
  const LoadResult result = run_retry_load(server, three_times_each());
  expect_all_told(result, server.decisions());
  EXPECT_GT(result.number("retry_after.present"), 0);
  EXPECT_EQ(result.number("retry_after.present"), result.number("totals.denied"));
  EXPECT_EQ(result.number("audit.requests"), result.number("totals.denied"));
  EXPECT_EQ(result.number("retry_after.broken"), 0);
  EXPECT_GT(result.number("retry_after.kept"), 0);
  EXPECT_EQ(result.number("retry_after.kept") + result.number("retry_after.contested"),
            result.number("audit.requests"));
}

TEST(LoadRetry, PromisesThatAreTooShortAreBroken) {
  const LimitingServer server({.capacity = 2, .for_one = milliseconds(60'000), .retry_after = "1"});
  const LoadResult result = run_retry_load(server, three_times_each());
  expect_all_told(result, server.decisions());
  EXPECT_EQ(result.number("totals.denied"), 10);
  EXPECT_EQ(result.number("audit.requests"), 10);
  EXPECT_EQ(result.number("retry_after.kept"), 0);
  EXPECT_GT(result.number("retry_after.broken"), 0);
  EXPECT_EQ(result.number("retry_after.broken") + result.number("retry_after.contested"), 10);
}

// A key that goes on asking cannot be told whether the promise would have held.
TEST(LoadRetry, PromisesToBusyKeysAreContested) {
  const LimitingServer server({.capacity = 2, .for_one = milliseconds(900)});
  const LoadResult result = run_retry_load(server, {.duration = "1500ms", .users = 1});
  expect_all_told(result, server.decisions());
  EXPECT_GT(result.number("retry_after.contested"), 0);
  EXPECT_EQ(result.number("retry_after.contested"), result.number("audit.requests"));
  EXPECT_EQ(result.number("retry_after.kept"), 0);
  EXPECT_EQ(result.number("retry_after.broken"), 0);
}

TEST(LoadRetry, WithoutPromisesNothingIsTested) {
  const LimitingServer server({.capacity = 2, .for_one = milliseconds(900), .retry_after = ""});
  const LoadResult result = run_retry_load(server, {.duration = "1s"});
  expect_all_told(result, server.decisions());
  EXPECT_GT(result.number("totals.denied"), 0);
  EXPECT_EQ(result.number("retry_after.absent"), result.number("totals.denied"));
  EXPECT_EQ(result.number("retry_after.present"), 0);
  EXPECT_EQ(result.number("audit.requests"), 0);
  EXPECT_EQ(result.number("audit.own_keys"), 0);
}

TEST(LoadRetry, NoAuditSendsNothingBesideTheLoad) {
  const LimitingServer server({.capacity = 2, .for_one = milliseconds(900)});
  const LoadResult result = run_retry_load(
      server, {.duration = "1500ms", .audit = R"({"share": 1, "keys": 2})"}, {"--no-audit"});
  expect_all_told(result, server.decisions());
  EXPECT_GT(result.number("retry_after.present"), 0);
  EXPECT_EQ(result.number("audit.requests"), 0);
  EXPECT_EQ(result.number("retry_after.kept") + result.number("retry_after.broken") +
                result.number("retry_after.contested"),
            0);
}

// ---- Keys of the audit's own

/// Runs an audit on own keys alone.
LoadResult run_own_keys(const LimitingServer& server, const std::string& duration) {
  const LoadResult result = run_retry_load(
      server, {.duration = duration, .users = 2, .audit = R"({"share": 0, "keys": 2})"});
  const std::vector<Decision> decisions = server.decisions();
  expect_all_told(result, decisions);
  EXPECT_EQ(result.number("audit.requests"),
            std::count_if(decisions.begin(), decisions.end(), is_of_audit));
  EXPECT_GT(result.number("audit.own_keys"), 0);
  EXPECT_LE(result.number("audit.own_keys"), 2);
  return result;
}

// The client is told 2 s and could have come after 1.8 s.
TEST(LoadRetry, AnHonestPromiseIsFoundOnKeysOfTheAuditsOwn) {
  const LimitingServer server({.capacity = 2, .for_one = milliseconds(1800)});
  const LoadResult result = run_own_keys(server, "3s");
  EXPECT_GT(result.number("retry_after.honest"), 0);
  EXPECT_EQ(result.number("retry_after.too_short"), 0);
  EXPECT_EQ(result.number("retry_after.too_long"), 0);
}

TEST(LoadRetry, APromiseThatIsTooShortIsFound) {
  const LimitingServer server({.capacity = 2, .for_one = milliseconds(60'000), .retry_after = "1"});
  const LoadResult result = run_own_keys(server, "2s");
  EXPECT_GT(result.number("retry_after.too_short"), 0);
  EXPECT_EQ(result.number("retry_after.honest"), 0);
  EXPECT_EQ(result.number("retry_after.too_long"), 0);
}

TEST(LoadRetry, APromiseThatIsTooLongIsFound) {
  const LimitingServer server({.capacity = 2, .for_one = milliseconds(100), .retry_after = "3"});
  const LoadResult result = run_own_keys(server, "2500ms");
  EXPECT_GT(result.number("retry_after.too_long"), 0);
  EXPECT_EQ(result.number("retry_after.honest"), 0);
  EXPECT_EQ(result.number("retry_after.too_short"), 0);
}

// ---- Clients

/// By operation, in order.
std::map<std::string, std::vector<Decision>> by_operation(const std::vector<Decision>& decisions) {
  std::map<std::string, std::vector<Decision>> operations;
  for (const Decision& d : decisions) operations[d.operation].push_back(d);
  return operations;
}

TEST(LoadRetry, ClientsThatObeyComeBackAtThePromisedInstant) {
  const LimitingServer server({.capacity = 2, .for_one = milliseconds(500)});
  const LoadResult result =
      run_retry_load(server, {.on_denied = R"({"behaviour": "retry-after", "max_attempts": 2})",
                              .audit = R"({"share": 0, "keys": 0})"});
  const std::vector<Decision> decisions = server.decisions();
  expect_all_told(result, decisions);
  EXPECT_GT(result.number("operations.retries"), 0);
  EXPECT_EQ(result.number("retry_after.client_obeyed"), result.number("operations.retries"));
  EXPECT_EQ(result.number("retry_after.client_early"), 0);
  EXPECT_EQ(result.number("operations.attempts"), static_cast<std::int64_t>(decisions.size()));
  std::int64_t retries = 0;
  for (const auto& [operation, attempts] : by_operation(decisions)) {
    ASSERT_LE(attempts.size(), 2U) << operation;
    if (attempts.size() == 1) continue;
    ++retries;
    EXPECT_FALSE(attempts[0].allowed) << operation;
    EXPECT_GE(attempts[1].came - attempts[0].answered, milliseconds(1000)) << operation;
  }
  EXPECT_EQ(result.number("operations.retries"), retries);
}

// 40, 80 and 160 ms, whatever they were told.
TEST(LoadRetry, ClientsThatBackOffExponentiallyComeEarly) {
  const LimitingServer server({.capacity = 2, .for_one = milliseconds(60'000)});
  const LoadResult result = run_retry_load(
      server, {.duration = "1s",
               .users = 2,
               .on_denied = R"({"behaviour": "exponential", "base": "40ms", "cap": "10s",
                                "jitter": "none", "max_attempts": 4})",
               .audit = R"({"share": 0, "keys": 0})"});
  const std::vector<Decision> decisions = server.decisions();
  expect_all_told(result, decisions);
  EXPECT_GT(result.number("operations.retries"), 0);
  EXPECT_EQ(result.number("retry_after.client_early"), result.number("operations.retries"));
  EXPECT_EQ(result.number("retry_after.client_obeyed"), 0);
  EXPECT_EQ(result.number("operations.succeeded"), 4);
  EXPECT_GT(result.number("operations.abandoned"), 0);
  for (const auto& [operation, attempts] : by_operation(decisions)) {
    ASSERT_LE(attempts.size(), 4U) << operation;
    for (std::size_t i = 1; i < attempts.size(); ++i) {
      EXPECT_GE(attempts[i].came - attempts[i - 1].answered, milliseconds(20 << i)) << operation;
    }
  }
}

// ---- A client that pauses altogether

constexpr const char* pausing_client =
    R"({"behaviour": "retry-after", "max_attempts": 3, "scope": "client", "client": "user"})";

TEST(LoadRetry, AClientThatPausesSendsNothingMeanwhile) {
  const LimitingServer server({.capacity = 2, .for_one = milliseconds(900)});
  const LoadResult result = run_retry_load(server, {.until = "2500ms",
                                                    .users = 1,
                                                    .on_denied = pausing_client,
                                                    .audit = R"({"share": 0, "keys": 0})"});
  const std::vector<Decision> decisions = server.decisions();
  expect_all_told(result, decisions);
  EXPECT_GT(result.number("totals.denied"), 0);
  // Fifty come a second; some may have been sent before the denial was read, on a slow machine.
  const auto comes_too_early = [&](const Decision& d) {
    return std::any_of(decisions.begin(), decisions.end(), [&](const Decision& denial) {
      return !denial.allowed && d.came > denial.answered + milliseconds(400) &&
             d.came < denial.answered + milliseconds(1000);
    });
  };
  EXPECT_LE(std::count_if(decisions.begin(), decisions.end(), comes_too_early), 10);
  EXPECT_EQ(result.number("retry_after.client_obeyed"), result.number("operations.retries"));
  EXPECT_EQ(result.number("retry_after.client_early"), 0);
  // What its client held back for up to a second was not late.
  EXPECT_GT(result.number("latency.operation.count"), 0);
  EXPECT_LT(result.number("schedule.lateness.p75_ns"), 300'000'000);
}

TEST(LoadRetry, RetriesCountAgainstTheMostRequests) {
  const LimitingServer server({.capacity = 2, .for_one = milliseconds(60'000)});
  const LoadResult result = run_retry_load(
      server, {.users = 2,
               .on_denied = R"({"behaviour": "fixed", "delay": "10ms", "max_attempts": 5})",
               .audit = R"({"share": 0, "keys": 0})",
               .more_of_target = R"("max_requests": 60, )"});
  expect_all_told(result, server.decisions());
  EXPECT_EQ(result.number("totals.attempts"), 60);
  EXPECT_EQ(result.report["ended_by"], "max_requests");
}

}  // namespace
}  // namespace weir::e2e
