#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "store/redis_support.hpp"

// What people run besides a script, and what it costs.

namespace weir::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class RedisDesignsTest : public RedisTest {};

RedisOptions of_design(const RedisServer& server, RedisDesign design) {
  RedisOptions options = options_for({server.node()});
  options.design = design;
  return options;
}

/// How many of so many requests at once are admitted.
int admitted_at_once(Gateway& gateway, int requests) {
  int answered = 0;
  int admitted = 0;
  for (int i = 0; i < requests; ++i) {
    gateway.client().decide(ask_for(gateway.definition(), "u", Instant::from_unix_seconds(1)),
                            [&](Said&& said) {
                              EXPECT_EQ(said.by, DecidedBy::store);
                              ++answered;
                              admitted += said.allowed ? 1 : 0;
                            });
  }
  gateway.run_until([&] { return answered == requests; });
  return admitted;
}

TEST_F(RedisDesignsTest, ReadThenWriteIsExactOneByOne) {
  const RedisServer server;
  Gateway gateway(
      definition_of({limit_definition("fixed-window", "limit=20 window=1d anchor=first-request")}),
      of_design(server, RedisDesign::read_then_write));
  int admitted = 0;
  for (int i = 0; i < 50; ++i) {
    const Said said = gateway.decide("u");
    admitted += said.allowed ? 1 : 0;
    ASSERT_EQ(said.limits.size(), 1U);
    EXPECT_EQ(said.limits[0].quota.remaining, std::max(19 - i, 0));
    if (!said.allowed) {
      EXPECT_GT(said.limits[0].retry_after, Duration::from_seconds(86'000));
    }
  }
  EXPECT_EQ(admitted, 20);
  EXPECT_EQ(gateway.inspect({}).at(0).quota.remaining, 0);
  EXPECT_EQ(gateway.reset({}), 1U);
  EXPECT_TRUE(gateway.decide("u").allowed);
}

TEST_F(RedisDesignsTest, ReadThenWriteAdmitsTooManyAtOnce) {
  const RedisServer server;
  const Definition definition =
      definition_of({limit_definition("fixed-window", "limit=20 window=1d")});
  Gateway racing(definition, of_design(server, RedisDesign::read_then_write));
  racing.decide("other");
  EXPECT_GT(admitted_at_once(racing, 200), 40);
  Gateway exact(definition, of_design(server, RedisDesign::script));
  exact.decide("other");
  EXPECT_EQ(admitted_at_once(exact, 200), 20);
}

TEST_F(RedisDesignsTest, ReadThenWriteCountersExpire) {
  const RedisServer server;
  Gateway gateway(
      definition_of({limit_definition("fixed-window", "limit=3 window=50ms anchor=first-request")}),
      of_design(server, RedisDesign::read_then_write));
  gateway.decide("u");
  gateway.run_until([&] { return server.ask({"DBSIZE"}) == "0"; });
}

TEST_F(RedisDesignsTest, TheMasterRefillsAtItsRate) {
  const RedisServer server;
  const Definition definition =
      definition_of({limit_definition("token-bucket", "capacity=20 rate=10/100ms")});
  Gateway one(definition, of_design(server, RedisDesign::master_refill));
  Gateway two(definition, of_design(server, RedisDesign::master_refill));
  const auto begin = steady_clock::now();
  int admitted = 0;
  while (steady_clock::now() - begin < milliseconds(1200)) {
    for (Gateway* gateway : {&one, &two}) {
      const Said said = gateway->decide("u");
      EXPECT_EQ(said.by, DecidedBy::store);
      admitted += said.allowed ? 1 : 0;
    }
  }
  const auto periods =
      static_cast<int>((steady_clock::now() - begin) / std::chrono::milliseconds(100));
  // Two masters would add twice as much.
  EXPECT_LE(admitted, 20 + 10 * (periods + 2));
  EXPECT_GE(admitted, 20 + 10 * periods / 2);
}

TEST_F(RedisDesignsTest, ALostMasterIsReplaced) {
  const RedisServer server;
  const Definition definition =
      definition_of({limit_definition("token-bucket", "capacity=5 rate=5/50ms")});
  auto first = std::make_unique<Gateway>(definition, of_design(server, RedisDesign::master_refill));
  first->run_until([&] { return server.ask({"KEYS", "*master*"}) != ""; });
  Gateway second(definition, of_design(server, RedisDesign::master_refill));
  while (second.decide("u").allowed) {
  }
  first.reset();
  second.run_until([&] { return second.decide("u").allowed; });
}

TEST_F(RedisDesignsTest, FullBucketsAreForgotten) {
  const RedisServer server;
  Gateway gateway(definition_of({limit_definition("token-bucket", "capacity=5 rate=5/20ms")}),
                  of_design(server, RedisDesign::master_refill));
  EXPECT_EQ(gateway.decide("u").limits[0].quota.remaining, 4);
  gateway.run_until([&] { return gateway.inspect({}).empty(); });
}

}  // namespace
}  // namespace weir::store
