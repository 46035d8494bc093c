#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "e2e/serve_support.hpp"
#include "store/redis_support.hpp"

// Gateways that share a Redis: together they admit what one limit admits, not one request more and
// not one less; and they do as they are told while it is away.

namespace weir::e2e {
namespace {

using store::RedisServer;

std::string redis_url(const RedisServer& redis) {
  return fmt::format("redis://127.0.0.1:{}", redis.port());
}

class ServeRedis : public testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::is_installed()) GTEST_SKIP() << "redis-server is not installed";
  }
};

/// As much load as 32 connections make, of three users.
std::vector<std::string> full_load(const RunningGateway& gateway, const std::string& duration) {
  return {"--target",      gateway.url(), "-H",         "X-User: {user}", "--users",   "3",
          "--connections", "32",          "--duration", duration,         "--no-audit"};
}

TEST_F(ServeRedis, TwoGatewaysAdmitExactlyTheLimit) {
  RedisServer redis;
  const std::vector<std::string> arguments = {
      "--limit",         "fixed-window limit=300 window=1h anchor=first-request key=user",
      "--limit",         "sliding-window-log limit=400 window=1h key=user",
      "--store",         redis_url(redis),
      "--store-timeout", "30s",
      "--threads",       "2"};
  const RunningGateway first(arguments);
  const RunningGateway second(arguments);
  ASSERT_TRUE(first.is_running() && second.is_running());
  RunningLoad one(full_load(first, "3s"));
  RunningLoad other(full_load(second, "3s"));
  const LoadResult results[] = {one.wait(), other.wait()};
  std::int64_t allowed = 0;
  for (const LoadResult& result : results) {
    EXPECT_EQ(result.number("totals.errors"), 0) << result.err;
    EXPECT_GT(result.number("totals.denied"), 0);
    allowed += result.number("totals.allowed");
  }
  EXPECT_EQ(allowed, 3 * 300);
}

TEST_F(ServeRedis, TwoGatewaysShareABucketThatRefills) {
  RedisServer redis;
  const std::vector<std::string> arguments = {
      "--limit",         "token-bucket capacity=50 rate=100/s",
      "--store",         redis_url(redis),
      "--store-timeout", "30s",
      "--clock-offset"};
  std::vector<std::string> ahead = arguments;
  ahead.emplace_back("2s");
  std::vector<std::string> right = arguments;
  right.emplace_back("0s");
  // Their own clocks are two seconds apart, which does not matter: Redis' clock decides.
  const RunningGateway first(right);
  const RunningGateway second(ahead);
  ASSERT_TRUE(first.is_running() && second.is_running());
  const auto begin = std::chrono::steady_clock::now();
  RunningLoad one(full_load(first, "3s"));
  RunningLoad other(full_load(second, "3s"));
  const LoadResult results[] = {one.wait(), other.wait()};
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const auto allowed = static_cast<double>(results[0].number("totals.allowed") +
                                           results[1].number("totals.allowed"));
  EXPECT_LE(allowed, 50.0 + 100.0 * took.count());
  // Each of them ran for 3 s and never left a token lying about for long.
  EXPECT_GE(allowed, 50.0 + 100.0 * 2.5);
}

TEST_F(ServeRedis, ScenariosDoWhatTheSimulationSays) {
  RedisServer redis;
  const std::vector<std::string> store = {"--store", redis_url(redis), "--store-timeout", "30s"};
  expect_agreement(scenario_path("serve-flask-counter"),
                   {"--set", "/duration=4s", "--set", "/policy/limits/0/window=2s"}, store, "",
                   0.01);
  expect_agreement(scenario_path("serve-playground"), {"--set", "/duration=3s"}, store,
                   "sorted-set", 0.01);
  // The master refills by its own clock, whose periods begin elsewhere: one refill of each key more
  // or less.
  std::vector<std::string> with_master = store;
  with_master.insert(with_master.end(), {"--redis-design", "master-refill"});
  expect_agreement(scenario_path("serve-playground"), {"--set", "/duration=4s"}, with_master,
                   "master-bucket", 0.25);
}

int status_of(const RunningGateway& gateway, const char* user = "ann") {
  return fetch(gateway.port(), "/", {{"X-User", user}}).status;
}

/// What a gateway with that setting answers while Redis is away: the statuses of so many requests.
std::vector<int> statuses_without_redis(const std::vector<std::string>& on_failure) {
  RedisServer redis;
  std::vector<std::string> arguments = {
      "--limit", "fixed-window limit=4 window=1h anchor=first-request key=user", "--store",
      redis_url(redis), "--store-timeout", "2s",
      // Each has its own connection to Redis, and comes back when it does.
      "--threads", "1"};
  arguments.insert(arguments.end(), on_failure.begin(), on_failure.end());
  const RunningGateway gateway(arguments);
  EXPECT_EQ(status_of(gateway), 200);
  redis.kill();
  std::vector<int> statuses;
  for (int i = 0; i < 4; ++i) statuses.push_back(status_of(gateway));
  EXPECT_GT(gateway.metric("weir_undecided_total") + gateway.metric("weir_decided_locally_total"),
            0.0);
  EXPECT_NE(gateway.messages().find("is lost"), std::string::npos) << gateway.messages();
  redis.start();
  // It is back, and empty.
  const auto limit_of_bob = [&] {
    return fetch(gateway.port(), "/", {{"X-User", "bob"}}).header("x-ratelimit-limit");
  };
  for (int i = 0; i < 2'000 && limit_of_bob() != "4"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(fetch(gateway.port(), "/", {{"X-User", "eve"}}).header("x-ratelimit-remaining"), "3");
  return statuses;
}

TEST_F(ServeRedis, WithoutItEverythingIsAllowedOrDenied) {
  EXPECT_EQ(statuses_without_redis({"--on-store-failure", "allow"}),
            (std::vector<int>{200, 200, 200, 200}));
  EXPECT_EQ(statuses_without_redis({"--on-store-failure", "deny"}),
            (std::vector<int>{503, 503, 503, 503}));
}

TEST_F(ServeRedis, WithoutItAShareOfTheLimitHolds) {
  EXPECT_EQ(statuses_without_redis({"--on-store-failure", "local", "--local-share", "1/2"}),
            (std::vector<int>{200, 200, 429, 429}));
}

}  // namespace
}  // namespace weir::e2e
