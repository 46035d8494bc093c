#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "e2e/serve_support.hpp"
#include "support/paths.hpp"
#include "support/run_weir.hpp"

// `weir serve` as a user meets it: with a scenario or a limit on the command line, asked by hand,
// and under `weir load`, whose totals are those of the simulation.

namespace weir::e2e {
namespace {

using testing::HasSubstr;

using Headers = std::vector<std::pair<std::string, std::string>>;

const Headers ann = {{"X-User", "ann"}};

TEST(Serve, SaysHowManyMoreAndWhenToComeBack) {
  const RunningGateway gateway(
      {"--limit", "fixed-window limit=2 window=1h anchor=first-request key=user"});
  ASSERT_TRUE(gateway.is_running());
  const Fetched first = fetch(gateway.port(), "/", ann);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.header("x-ratelimit-remaining"), "1");
  EXPECT_EQ(first.header("x-ratelimit-reset"), "3600");
  EXPECT_EQ(fetch(gateway.port(), "/", ann).status, 200);
  const Fetched denied = fetch(gateway.port(), "/", ann);
  EXPECT_EQ(denied.status, 429);
  EXPECT_EQ(denied.header("retry-after"), "3600");
  EXPECT_EQ(denied.header("content-type"), "application/problem+json");
  EXPECT_EQ(fetch(gateway.port(), "/", {{"X-User", "bob"}}).status, 200);
  const Json totals = gateway.totals();
  EXPECT_EQ(totals["allowed_count"], 3);
  EXPECT_EQ(totals["denied_count"], 1);
  EXPECT_EQ(totals["total_requests"], 4);
  EXPECT_EQ(totals["deny_rate_percent"], 25.0);
  EXPECT_EQ(totals["active_keys"], 2);
  EXPECT_EQ(gateway.metric("weir_denied_by_total{limit=\"limit-1\"}"), 1.0);
}

TEST(Serve, TakesItsSettingsFromTheEnvironment) {
  setenv("WEIR_LIMIT", "fixed-window limit=1 window=1h key=user; fixed-window limit=9 window=1d",
         1);
  setenv("WEIR_HEADERS", "ietf-draft-10", 1);
  const RunningGateway gateway({});
  unsetenv("WEIR_LIMIT");
  unsetenv("WEIR_HEADERS");
  ASSERT_TRUE(gateway.is_running());
  EXPECT_THAT(fetch(gateway.port(), "/", ann).header("ratelimit"), HasSubstr("\"limit-1\";r=0;t="));
  EXPECT_EQ(fetch(gateway.port(), "/", ann).status, 429);
}

TEST(Serve, ReloadsItsPolicyAndKeepsWhatItKnows) {
  const TemporaryFolder folder;
  const auto write = [&](int limit) {
    folder.write("policy.jsonc", fmt::format(R"({{
      "name": "reloaded", "duration": "1s",
      "policy": {{"limits": [
        {{"name": "kept", "algorithm": "fixed-window", "limit": 3, "window": "1h", "key": ["user"]}},
        {{"name": "changed", "algorithm": "fixed-window", "limit": {}, "window": "1h", "key": ["user"]}}]}},
      "traffic": [{{"name": "t", "arrivals": {{"process": "poisson", "rate": "1/s"}},
                   "attributes": {{"user": "u"}}}}]}})",
                                             limit));
  };
  write(1);
  RunningGateway gateway({folder.path("policy.jsonc")});
  ASSERT_TRUE(gateway.is_running());
  EXPECT_EQ(fetch(gateway.port(), "/", ann).status, 200);
  EXPECT_EQ(fetch(gateway.port(), "/", ann).status, 429);
  write(50);
  gateway.send_signal(SIGHUP);
  // One of three is used; two more pass once the other limit is larger.
  int passed = 0;
  for (int i = 0; i < 5'000 && passed < 2; ++i) {
    if (fetch(gateway.port(), "/", ann).status == 200) ++passed;
  }
  EXPECT_EQ(passed, 2);
  const Fetched denied = fetch(gateway.port(), "/", ann);
  EXPECT_EQ(denied.status, 429);
  EXPECT_THAT(denied.body, HasSubstr("kept"));
  // What is wrong is not taken.
  folder.write("policy.jsonc", "{");
  gateway.send_signal(SIGHUP);
  EXPECT_EQ(fetch(gateway.port(), "/", {{"X-User", "bob"}}).status, 200);
  EXPECT_THAT(gateway.stop(), HasSubstr("the rules are those from before"));
}

TEST(Serve, ReloadsUnderLoad) {
  RunningGateway gateway({scenario_path("serve-flask-counter"), "--threads", "2"});
  ASSERT_TRUE(gateway.is_running());
  RunningLoad load({"--target", gateway.url(), "-H", "X-User: {user}", "--users", "50",
                    "--connections", "8", "--duration", "2s", "--no-audit"});
  while (load.is_running()) {
    gateway.send_signal(SIGHUP);
    std::this_thread::sleep_for(std::chrono::milliseconds(7));
  }
  const LoadResult result = load.wait();
  EXPECT_EQ(result.number("totals.errors"), 0) << result.err;
  // What a reload keeps it keeps under load too: 5 each.
  EXPECT_EQ(result.number("totals.allowed"), 5 * 50);
  EXPECT_THAT(gateway.stop(), HasSubstr("weir: 250 allowed"));
}

TEST(Serve, DelaysWhatStandsInALeakyBucketsQueue) {
  const RunningGateway gateway({"--limit", "leaky-bucket-queue capacity=2 rate=5/s key=user"});
  ASSERT_TRUE(gateway.is_running());
  const auto begin = std::chrono::steady_clock::now();
  fetch(gateway.port(), "/", ann);
  EXPECT_EQ(fetch(gateway.port(), "/", ann).status, 200);
  EXPECT_EQ(fetch(gateway.port(), "/", ann).status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(390));
}

TEST(Serve, WritesItsWholeLogBeforeItEnds) {
  const TemporaryFolder folder;
  RunningGateway gateway({"--limit", "gcra rate=1/h burst=3 key=user", "--access-log",
                          folder.path("log"), "--log-format", "combined"});
  ASSERT_TRUE(gateway.is_running());
  for (int i = 0; i < 5; ++i) fetch(gateway.port(), "/some/page?x=1", ann);
  EXPECT_THAT(gateway.stop(), HasSubstr("weir: 3 allowed, 2 denied"));
  // What was served can be simulated.
  const auto replayed =
      test::run_weir({"simulate", "--trace", folder.path("log"), "--format", "combined-log",
                      "--limit", "gcra rate=1/h burst=3 key=ip", "--json", "-q"});
  const Json report = Json::parse(replayed.out);
  EXPECT_EQ(report["totals"]["allowed"], 3);
  EXPECT_EQ(report["totals"]["denied"], 2);
}

TEST(Serve, StandsInFrontOfAnUpstream) {
  const RunningGateway behind(
      {"--answer", "201", "--body", "from behind\n", "--limit", "fixed-window limit=77 window=1h"});
  ASSERT_TRUE(behind.is_running());
  const RunningGateway gateway({"--limit", "fixed-window limit=2 window=1h key=user", "--upstream",
                                behind.url("/base"), "--exempt", "/free/*"});
  ASSERT_TRUE(gateway.is_running());
  const Fetched passed = fetch(gateway.port(), "/x", ann);
  EXPECT_EQ(passed.status, 201);
  EXPECT_EQ(passed.body, "from behind\n");
  EXPECT_EQ(passed.header("x-ratelimit-remaining"), "1");
  // Each header stands there once, and is the one of the gateway that is in front.
  EXPECT_EQ(passed.count("x-ratelimit-limit"), 1);
  EXPECT_EQ(fetch(gateway.port(), "/x", ann).status, 201);
  EXPECT_EQ(fetch(gateway.port(), "/x", ann).status, 429);
  EXPECT_EQ(fetch(gateway.port(), "/free/x", ann).status, 201);
  // Its own pages would hide the upstream's.
  EXPECT_EQ(fetch(gateway.port(), "/metrics", {{"X-User", "bob"}}).status, 201);
  EXPECT_EQ(behind.totals()["allowed_count"], 4);
}

TEST(Serve, SaysWhatIsWrongWithItsOptions) {
  const auto complaint = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "serve");
    return test::run_weir(arguments);
  };
  const auto unknown = complaint({"--limit", "fixed-windw limit=1 window=1s"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("fixed-window"));
  EXPECT_EQ(complaint({"--listen", "nowhere"}).exit_code, 2);
  EXPECT_EQ(complaint({"--identify", "user=cookie:x", "--limit", "unlimited key=user"}).exit_code,
            2);
  EXPECT_EQ(complaint({"--headers", "x-limit"}).exit_code, 2);
  EXPECT_EQ(complaint({"--upstream", "https://127.0.0.1/"}).exit_code, 2);
  EXPECT_EQ(complaint({"--upstream", "127.0.0.1"}).exit_code, 2);
  EXPECT_EQ(complaint({"--admin", "0.0.0.0:0"}).exit_code, 2);
  EXPECT_EQ(complaint({"--exempt", "static"}).exit_code, 2);
  EXPECT_EQ(complaint({"--local-share", "2/1"}).exit_code, 2);
  EXPECT_EQ(complaint({"--store", "memory", "--store", "redis://127.0.0.1"}).exit_code, 2);
  EXPECT_EQ(complaint({"--store", "rediss://127.0.0.1"}).exit_code, 2);
  EXPECT_EQ(complaint({"/nowhere.jsonc"}).exit_code, 1);
  const auto cost = complaint({"--limit", "gcra rate=1/s burst=1 key=user cost=tokens"});
  EXPECT_EQ(cost.exit_code, 2);
  EXPECT_THAT(cost.err, HasSubstr("tokens=body:/max_tokens"));
  const auto several = complaint({scenario_path("serve-playground")});
  EXPECT_EQ(several.exit_code, 2);
  EXPECT_THAT(several.err, HasSubstr("memory-bucket, master-bucket, sorted-set"));
}

TEST(ServeScenarios, FlaskCounterDoesWhatTheSimulationSays) {
  expect_agreement(scenario_path("serve-flask-counter"),
                   {"--set", "/duration=5s", "--set", "/policy/limits/0/window=2s"}, {}, "", 0.01);
}

TEST(ServeScenarios, AiInferenceDoesWhatTheSimulationSays) {
  expect_agreement(
      scenario_path("serve-ai-inference"), {"--set", "/duration=4s"},
      {"--answer", "openai", "--completion-tokens", "1000", "--request-id", "X-Request-Id"}, "",
      0.02);
}

TEST(ServeScenarios, PlaygroundDoesWhatTheSimulationSays) {
  for (const char* policy : {"memory-bucket", "sorted-set"}) {
    SCOPED_TRACE(policy);
    expect_agreement(scenario_path("serve-playground"), {"--set", "/duration=3s"}, {}, policy,
                     0.01);
  }
}

}  // namespace
}  // namespace weir::e2e
