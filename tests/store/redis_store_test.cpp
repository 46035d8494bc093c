#include "store/redis_store.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "store/redis_support.hpp"

namespace weir::store {
namespace {

using std::chrono::milliseconds;

class RedisStoreTest : public RedisTest {};

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST_F(RedisStoreTest, GatewaysWithDifferentClocksShareOneLimit) {
  const RedisServer server;
  const Definition definition =
      definition_of({limit_definition("sliding-window-log", "limit=4 window=1h")});
  Gateway early(definition, options_for({server.node()}));
  Gateway late(definition, options_for({server.node()}));
  const Instant now = Instant::from_unix_seconds(1'767'225'600);
  int admitted = 0;
  for (int i = 0; i < 6; ++i) {
    const Ask ask = ask_for(definition, "u", now + Duration::from_seconds(i % 2 == 0 ? 0 : 2));
    const Said said = (i % 2 == 0 ? early : late).decide(ask);
    EXPECT_EQ(said.by, DecidedBy::store);
    EXPECT_EQ(said.limits[0].quota.remaining, std::max(3 - i, 0));
    // By whichever of their clocks, some of these would lie more than an hour from Redis'.
    EXPECT_LE(said.limits[0].quota.reset_after, Duration::from_seconds(3600));
    EXPECT_GT(said.limits[0].quota.reset_after, Duration::from_seconds(3500));
    admitted += said.allowed ? 1 : 0;
  }
  EXPECT_EQ(admitted, 4);
}

TEST_F(RedisStoreTest, ARepeatedIdGetsTheAnswerThatWasAdmitted) {
  const RedisServer server;
  const Definition definition =
      definition_of({limit_definition("fixed-window", "limit=2 window=1d anchor=first-request")});
  Gateway gateway(definition, options_for({server.node()}));
  Gateway other(definition, options_for({server.node()}));
  Ask ask = ask_for(definition, "u");
  ask.request_id = "order 17";
  const Said first = gateway.decide(ask);
  EXPECT_EQ(first.by, DecidedBy::store);
  for (int i = 0; i < 3; ++i) {
    const Said again = (i == 0 ? other : gateway).decide(ask);
    EXPECT_TRUE(again.allowed);
    EXPECT_EQ(again.by, DecidedBy::repetition);
    ASSERT_EQ(again.limits.size(), 1U);
    EXPECT_EQ(again.limits[0].quota, first.limits[0].quota);
    EXPECT_TRUE(again.owed.empty());
  }
  EXPECT_EQ(gateway.decide("u").limits[0].quota.remaining, 0);
  ask.request_id = "order 18";
  EXPECT_FALSE(gateway.decide(ask).allowed);
  // What was denied is decided anew.
  gateway.reset({.limit = "fixed-window", .values = {}});
  const Said anew = gateway.decide(ask);
  EXPECT_TRUE(anew.allowed);
  EXPECT_EQ(anew.by, DecidedBy::store);
}

TEST_F(RedisStoreTest, AnIdStandsForAWhileAndInItsPartitionOnly) {
  const RedisServer server;
  const Definition definition =
      definition_of({limit_definition("fixed-window", "limit=9 window=1d")});
  RedisOptions options = options_for({server.node()});
  options.request_id_ttl = Duration::from_ms(30);
  Gateway gateway(definition, options);
  Ask ask = ask_for(definition, "u");
  ask.request_id = "7";
  EXPECT_EQ(gateway.decide(ask).by, DecidedBy::store);
  Ask others = ask_for(definition, "v");
  others.request_id = "7";
  EXPECT_EQ(gateway.decide(others).by, DecidedBy::store);
  gateway.run_until([&] { return server.ask({"KEYS", "*%id*"}).empty(); });
  EXPECT_EQ(gateway.decide(ask).by, DecidedBy::store);
}

TEST_F(RedisStoreTest, EveryKeyExpiresOnceItsStateIsThatOfANewOne) {
  const RedisServer server;
  std::vector<LimitDefinition> limits;
  for (const auto& [algorithm, setting] : std::vector<std::pair<std::string, std::string>>{
           {"fixed-window", "limit=5 window=100ms"},
           {"sliding-window-log", "limit=5 window=100ms count_denied=true"},
           {"sliding-window-counter", "limit=5 window=100ms"},
           {"sliding-window-segments", "limit=5 window=100ms segments=4"},
           {"token-bucket", "capacity=5 rate=50/s"},
           {"leaky-bucket", "capacity=5 rate=50/s"},
           {"leaky-bucket-queue", "capacity=5 rate=50/s"},
           {"gcra", "burst=5 rate=50/s"},
           {"trtcm", "rate=50/s burst=5 peak_rate=60/s peak_burst=5"},
           {"concurrency", "limit=5 slot_ttl=100ms"}}) {
    limits.push_back(limit_definition(algorithm, setting));
    limits.back().spec.enforce = false;
  }
  limits.push_back(
      limit_definition("token-bucket", "capacity=5 rate=5/100ms refill=interval", "i"));
  const Definition definition = definition_of(limits);
  RedisOptions options = options_for({server.node()});
  options.request_id_ttl = Duration::from_ms(100);
  Gateway gateway(definition, options);
  for (int i = 0; i < 12; ++i) {
    Ask ask = ask_for(definition, "u");
    ask.request_id = std::to_string(i);
    gateway.decide(ask);
  }
  const std::vector<std::string> keys = lines_of(server.ask({"KEYS", "*"}));
  EXPECT_GT(keys.size(), definition.limits.size());
  for (const std::string& key : keys) {
    const int ttl = std::stoi(server.ask({"PTTL", key}));
    // -2 is of one that has expired meanwhile.
    EXPECT_NE(ttl, -1) << key;
    EXPECT_LE(ttl, 1500) << key;
  }
  gateway.run_until([&] { return server.ask({"DBSIZE"}) == "0"; });
}

TEST_F(RedisStoreTest, ALogOfDenialsStaysShort) {
  const RedisServer server;
  const Definition definition = definition_of(
      {limit_definition("sliding-window-log", "limit=10 window=1h count_denied=true")});
  RedisOptions options = options_for({server.node()});
  options.by_asked_time = true;
  Gateway gateway(definition, options);
  const Instant now = Instant::from_unix_seconds(1'767'225'600);
  for (int i = 0; i < 500; ++i) {
    gateway.decide(ask_for(definition, "u", now + Duration::from_ms(i)));
  }
  std::string key = server.ask({"KEYS", "*"});
  key.pop_back();
  // Sixteen bytes for each of ten that matter, and as many again before it is cleared up.
  EXPECT_LE(std::stoi(server.ask({"STRLEN", key})), 16 * 30);
}

TEST_F(RedisStoreTest, WhatNeverComesBackIsNotForgotten) {
  const RedisServer server;
  const Definition definition =
      definition_of({limit_definition("token-bucket", "capacity=2 rate=0/s", "never"),
                     limit_definition("token-bucket", "capacity=9 rate=1000/s initial=5", "late")});
  Gateway gateway(definition, options_for({server.node()}));
  gateway.decide("u");
  for (const std::string& key : lines_of(server.ask({"KEYS", "*"}))) {
    EXPECT_GT(std::stoll(server.ask({"PTTL", key})), 80'000'000) << key;
  }
}

TEST_F(RedisStoreTest, KeysOfARequestShareAHashTag) {
  const RedisServer server;
  const Definition definition =
      definition_of({limit_definition("fixed-window", "limit=5 window=1d"),
                     limit_definition("gcra", "burst=5 rate=1/1h", "odd {name}")});
  RedisOptions options = options_for({server.node()});
  options.prefix = "gate";
  Gateway gateway(definition, options);
  Ask ask = ask_for(definition, "a{b} c");
  ask.request_id = "x}y";
  gateway.decide(ask);
  const std::vector<std::string> keys = lines_of(server.ask({"KEYS", "*"}));
  ASSERT_EQ(keys.size(), 3U);
  for (const std::string& key : keys) {
    EXPECT_EQ(key.rfind("gate:{a%7Bb%7D%20c}:", 0), 0U) << key;
    EXPECT_EQ(std::count(key.begin(), key.end(), '{'), 1) << key;
    EXPECT_EQ(std::count(key.begin(), key.end(), '}'), 1) << key;
  }
}

TEST_F(RedisStoreTest, AnotherPolicyNeverReadsOldStates) {
  const RedisServer server;
  Gateway before(definition_of({limit_definition("fixed-window", "limit=1 window=1d", "l")}),
                 options_for({server.node()}));
  EXPECT_TRUE(before.decide("u").allowed);
  EXPECT_FALSE(before.decide("u").allowed);
  Gateway after(definition_of({limit_definition("fixed-window", "limit=2 window=1d", "l")}),
                options_for({server.node()}));
  EXPECT_TRUE(after.decide("u").allowed);
  Gateway same(definition_of({limit_definition("fixed-window", "limit=1 window=1d", "l")}),
               options_for({server.node()}));
  EXPECT_FALSE(same.decide("u").allowed);
}

TEST_F(RedisStoreTest, ForgottenScriptsAreLoadedAgain) {
  const RedisServer server;
  Gateway gateway(definition_of({limit_definition("fixed-window", "limit=9 window=1d")}),
                  options_for({server.node()}));
  EXPECT_EQ(gateway.decide("u").by, DecidedBy::store);
  server.ask({"SCRIPT", "FLUSH"});
  EXPECT_EQ(gateway.decide("u").by, DecidedBy::store);
  EXPECT_EQ(gateway.decide("u").limits[0].quota.remaining, 6);
  EXPECT_EQ(gateway.failures("error"), 0U);
}

TEST_F(RedisStoreTest, HoldsAreReleased) {
  const RedisServer server;
  const Definition definition = definition_of({limit_definition("concurrency", "limit=3")});
  Gateway gateway(definition, options_for({server.node()}));
  Said one = gateway.decide(ask_for(definition, "u", {}, 2));
  ASSERT_EQ(one.owed.size(), 1U);
  EXPECT_TRUE(one.owed[0].holds);
  Said two = gateway.decide("u");
  EXPECT_FALSE(gateway.decide("u").allowed);
  gateway.end(one.owed, {.now = {}, .partition = "u", .dropped = false, .costs = {}});
  EXPECT_EQ(gateway.decide(ask_for(definition, "u", {}, 0)).limits[0].quota.remaining, 2);
  gateway.end(two.owed, {.now = {}, .partition = "u", .dropped = false, .costs = {}});
  EXPECT_EQ(gateway.decide(ask_for(definition, "u", {}, 0)).limits[0].quota.remaining, 3);
  EXPECT_EQ(server.ask({"DBSIZE"}), "0");
}

TEST_F(RedisStoreTest, KeysAreFoundAndMadeNew) {
  const RedisServer server;
  const RedisServer second;
  const Definition definition =
      definition_of({limit_definition("fixed-window", "limit=9 window=1d"),
                     limit_definition("sliding-window-log", "limit=7 window=1d")});
  Gateway gateway(definition, options_for({server.node(), second.node()}));
  for (int i = 0; i < 50; ++i) gateway.decide(fmt::format("user {}", i));
  gateway.decide("user 3");
  EXPECT_EQ(gateway.inspect({}).size(), 100U);
  EXPECT_EQ(gateway.inspect({}, 30).size(), 30U);
  const std::vector<KeyCount> found =
      gateway.inspect({.limit = "sliding-window-log", .values = {{"user", "user 3"}}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].limit, "sliding-window-log");
  EXPECT_EQ(found[0].key, "user%203");
  EXPECT_EQ(found[0].quota.remaining, 5);
  EXPECT_EQ(gateway.reset({.limit = "", .values = {{"user", "user 3"}}}), 2U);
  EXPECT_EQ(gateway.decide("user 3").limits[1].quota.remaining, 6);
  EXPECT_EQ(gateway.reset({.limit = "fixed-window", .values = {}}), 50U);
  EXPECT_EQ(gateway.reset({}), 50U);
  EXPECT_TRUE(gateway.inspect({}).empty());
}

TEST_F(RedisStoreTest, KeysLieOnTheirNodes) {
  const RedisServer one;
  const RedisServer two;
  const RedisServer three;
  Gateway gateway(definition_of({limit_definition("fixed-window", "limit=9 window=1d")}),
                  options_for({one.node(), two.node(), three.node()}));
  for (int i = 0; i < 120; ++i) gateway.decide(fmt::format("{}", i));
  int all = 0;
  for (const RedisServer* server : {&one, &two, &three}) {
    const int keys = std::stoi(server->ask({"DBSIZE"}));
    EXPECT_GT(keys, 10);
    all += keys;
  }
  EXPECT_EQ(all, 120);
}

RedisNode node_h() {
  RedisNode node;
  node.host = "h";
  return node;
}

std::string redis_problem(std::string_view algorithm, std::string_view setting) {
  const auto made = make_redis_store(definition_of({limit_definition(algorithm, setting)}),
                                     options_for({node_h()}));
  return made ? "" : made.error().pointer + ": " + made.error().message;
}

TEST(RedisStoreProblems, WhatRedisCannotHoldIsRefused) {
  EXPECT_EQ(redis_problem("fixed-window", "limit=5 window=1s"), "");
  EXPECT_EQ(redis_problem("fixed-window", "limit=5 window=1500ns"),
            "/0/window: must be a whole number of microseconds in a Redis store");
  EXPECT_EQ(redis_problem("sliding-window-log", "limit=9007199254740992 window=1s"),
            "/0/limit: must be at most 2251799813685248 in a Redis store");
  EXPECT_EQ(redis_problem("gcra", "rate=1/366d burst=60"),
            "/0/burst: must come back within 50 years at its rate in a Redis store");
  EXPECT_EQ(redis_problem("gcra", "rate=9007199254740991/s burst=60"),
            "/0/rate: is too fine for a Redis store: write it with fewer units in a shorter "
            "period");
  EXPECT_EQ(redis_problem("concurrency", "limit=3 queue=2"),
            "/0/queue: must be 0 in a Redis store, which wakes nobody who waits");
  EXPECT_EQ(redis_problem("token-bucket", "capacity=3 rate=1/1500ns refill=interval"),
            "/0/rate: must have a period of whole microseconds in a Redis store");
  EXPECT_NE(redis_problem("vegas", "").find("/0/algorithm: vegas learns"), std::string::npos);
  EXPECT_NE(redis_problem("nginx-limit-req", "rate=5/s").find("imitates a product"),
            std::string::npos);
}

TEST(RedisStoreProblems, OptionsThatMakeNoSense) {
  const Definition definition = definition_of({limit_definition("gcra", "rate=1/s burst=1")});
  const auto pointer_of = [&](const RedisOptions& options) {
    const auto made = make_redis_store(definition, options);
    return made ? "" : made.error().pointer;
  };
  RedisOptions options = options_for({node_h()});
  EXPECT_EQ(pointer_of(options), "");
  EXPECT_EQ(pointer_of(options_for({})), "nodes");
  options.design = RedisDesign::master_refill;
  EXPECT_EQ(pointer_of(options), "design");
  options.design = RedisDesign::script;
  options.local_share = {3, 2};
  EXPECT_EQ(pointer_of(options), "local_share");
}

}  // namespace
}  // namespace weir::store
