#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "store/redis_ring.hpp"
#include "store/redis_support.hpp"

// What a gateway does while Redis is gone, hangs or is slow, and that it comes back.

namespace weir::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class RedisFaultsTest : public RedisTest {};

Definition daily(std::int64_t limit) {
  return definition_of({limit_definition(
      "fixed-window", fmt::format("limit={} window=1d anchor=first-request", limit))});
}

/// Short enough to wait for, and for a loaded machine to hold while Redis is well.
RedisOptions impatient(const RedisServer& server, OnStoreFailure on_failure) {
  RedisOptions options = options_for({server.node()});
  options.timeout = Duration::from_ms(400);
  options.backoff = Duration::from_ms(10);
  options.longest_backoff = Duration::from_ms(50);
  options.on_failure = on_failure;
  return options;
}

void wait_until_decided_by_store(Gateway& gateway, std::string_view user) {
  gateway.run_until([&] { return gateway.decide(user).by == DecidedBy::store; });
}

/// Remembers what it was asked, and admits everything.
struct StandIn {
  int made = 0;
  int asked = 0;
  std::vector<Owed> ended;
  Definition definition;

  class Client final : public StoreClient {
   public:
    explicit Client(StandIn& owner) : owner_(owner) {}
    bool decide_at_once(const Ask&, Said&) override { return false; }
    void decide(Ask ask, Decided decided) override {
      ++owner_.asked;
      Said said;
      said.owed.push_back(
          {.ask = ask.limits[0], .charged_at = ask.now, .holds = true, .started = ask.now});
      decided(std::move(said));
    }
    void end(std::vector<Owed> owed, Ended) override {
      owner_.ended.insert(owner_.ended.end(), owed.begin(), owed.end());
    }
    void inspect(KeyFilter, std::size_t, Instant,
                 std::function<void(std::vector<KeyCount>)> found) override {
      found({});
    }
    void reset(KeyFilter, std::function<void(std::size_t)> done) override { done(0); }

   private:
    StandIn& owner_;
  };

  class OfOwner final : public Store {
   public:
    explicit OfOwner(StandIn& owner) : owner_(owner) {}
    std::unique_ptr<StoreClient> make_client(boost::asio::io_context&) override {
      return std::make_unique<Client>(owner_);
    }
    StoreFigures figures() const override { return {}; }

   private:
    StandIn& owner_;
  };

  auto factory() {
    return [this](Definition share) -> tl::expected<std::unique_ptr<Store>, Problem> {
      ++made;
      definition = std::move(share);
      return std::make_unique<OfOwner>(*this);
    };
  }
};

TEST_F(RedisFaultsTest, AServerThatWasKilledIsReplacedByTheRule) {
  for (const auto& [rule, by] : {std::pair(OnStoreFailure::allow, DecidedBy::failure_allowed),
                                 std::pair(OnStoreFailure::deny, DecidedBy::failure_denied)}) {
    RedisServer server;
    Gateway gateway(daily(3), impatient(server, rule));
    EXPECT_EQ(gateway.decide("u").by, DecidedBy::store);
    server.kill();
    for (int i = 0; i < 20; ++i) {
      const Said said = gateway.decide("u");
      EXPECT_EQ(said.by, by);
      EXPECT_EQ(said.allowed, rule == OnStoreFailure::allow);
      EXPECT_TRUE(said.limits.empty());
      EXPECT_TRUE(said.owed.empty());
    }
    const std::uint64_t failed =
        gateway.failures("connection") + gateway.failures("down") + gateway.failures("timeout");
    EXPECT_EQ(failed, 20U);
    EXPECT_EQ(gateway.figures().decided_locally, 0U);
    // It comes back empty, without the scripts.
    server.start();
    wait_until_decided_by_store(gateway, "u");
    EXPECT_EQ(gateway.failures("error"), 0U);
    const Said after = gateway.decide("v");
    ASSERT_EQ(after.by, DecidedBy::store);
    EXPECT_EQ(after.limits[0].quota.remaining, 2);
  }
}

TEST_F(RedisFaultsTest, KilledWithRequestsOutstanding) {
  RedisServer server;
  Gateway gateway(daily(1'000'000), impatient(server, OnStoreFailure::deny));
  gateway.decide("u");
  int answered = 0;
  int failed = 0;
  const Ask ask = ask_for(gateway.definition(), "u");
  for (int i = 0; i < 500; ++i) {
    gateway.client().decide(ask, [&](Said&& said) {
      ++answered;
      failed += said.by == DecidedBy::failure_denied ? 1 : 0;
    });
    if (i == 250) {
      gateway.run_until([&] { return answered > 0; });
      server.pause();
    }
  }
  server.kill();
  gateway.run_until([&] { return answered == 500; });
  EXPECT_GT(failed, 200);
}

TEST_F(RedisFaultsTest, AServerThatHangsCostsOneTimeoutAndComesBack) {
  RedisServer server;
  Gateway gateway(daily(1000), impatient(server, OnStoreFailure::allow));
  gateway.decide("u");
  server.pause();
  EXPECT_EQ(gateway.decide("u").by, DecidedBy::failure_allowed);
  EXPECT_EQ(gateway.failures("timeout"), 1U);
  // It counts as down now, and nobody waits for it.
  const auto before = steady_clock::now();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(gateway.decide("u").by, DecidedBy::failure_allowed);
  EXPECT_LT(steady_clock::now() - before, milliseconds(400) * 50);
  EXPECT_EQ(gateway.failures("timeout"), 1U);
  EXPECT_EQ(gateway.failures("down"), 100U);
  server.resume();
  wait_until_decided_by_store(gateway, "u");
  // What timed out was decided after all: the first, that one, and two since.
  const Said said = gateway.decide("u");
  ASSERT_EQ(said.by, DecidedBy::store);
  EXPECT_EQ(said.limits[0].quota.remaining, 1000 - 4);
}

TEST_F(RedisFaultsTest, AServerThatHangsForLongIsConnectedToAnew) {
  RedisServer server;
  RedisOptions options = impatient(server, OnStoreFailure::deny);
  options.timeout = Duration::from_ms(50);
  Gateway gateway(daily(1000), options);
  gateway.run_until([&] { return gateway.decide("u").by == DecidedBy::store; });
  server.pause();
  EXPECT_EQ(gateway.decide("u").by, DecidedBy::failure_denied);
  // Longer than the probe may take.
  gateway.run_for(milliseconds(1500));
  server.resume();
  wait_until_decided_by_store(gateway, "u");
}

TEST_F(RedisFaultsTest, ASlowServerComesBack) {
  RedisServer server;
  RedisOptions options = impatient(server, OnStoreFailure::deny);
  options.timeout = Duration::from_ms(50);
  Gateway gateway(daily(1000), options);
  gateway.run_until([&] { return gateway.decide("u").by == DecidedBy::store; });
  std::string slept;
  std::thread sleeper([&] { slept = server.ask({"DEBUG", "SLEEP", "0.5"}); });
  gateway.run_until([&] { return gateway.decide("u").by == DecidedBy::failure_denied; });
  EXPECT_GE(gateway.failures("timeout"), 1U);
  wait_until_decided_by_store(gateway, "u");
  sleeper.join();
  EXPECT_EQ(slept, "OK");
}

TEST_F(RedisFaultsTest, AServerThatStartsLaterIsFound) {
  RedisServer server;
  server.kill();
  Gateway gateway(daily(5), impatient(server, OnStoreFailure::deny));
  EXPECT_EQ(gateway.decide("u").by, DecidedBy::failure_denied);
  EXPECT_EQ(gateway.decide("u").by, DecidedBy::failure_denied);
  server.start();
  wait_until_decided_by_store(gateway, "u");
}

TEST_F(RedisFaultsTest, OneNodeOfThreeIsLostForItsOwnKeysOnly) {
  RedisServer one;
  RedisServer two;
  RedisServer three;
  RedisOptions options = impatient(one, OnStoreFailure::deny);
  options.nodes = {one.node(), two.node(), three.node()};
  Gateway gateway(daily(1000), options);
  const RedisRing ring({one.node().name(), two.node().name(), three.node().name()});
  for (int i = 0; i < 30; ++i) EXPECT_EQ(gateway.decide(fmt::format("{}", i)).by, DecidedBy::store);
  two.kill();
  for (int i = 0; i < 30; ++i) {
    const std::string user = fmt::format("{}", i);
    EXPECT_EQ(gateway.decide(user).by,
              ring.node_of(user) == 1 ? DecidedBy::failure_denied : DecidedBy::store);
  }
  two.start();
  for (int i = 0; i < 30; ++i) wait_until_decided_by_store(gateway, fmt::format("{}", i));
}

TEST_F(RedisFaultsTest, WhatIsOutstandingIsBounded) {
  RedisServer server;
  RedisOptions options = impatient(server, OnStoreFailure::deny);
  options.most_outstanding = 50;
  Gateway gateway(daily(1000), options);
  gateway.decide("u");
  server.pause();
  int answered = 0;
  for (int i = 0; i < 80; ++i) {
    gateway.client().decide(ask_for(gateway.definition(), "u"), [&](Said&&) { ++answered; });
  }
  EXPECT_EQ(answered, 30);
  EXPECT_EQ(gateway.failures("overload"), 30U);
  gateway.run_until([&] { return answered == 80; });
  EXPECT_EQ(gateway.failures("timeout"), 50U);
  server.resume();
}

TEST_F(RedisFaultsTest, WhatALateAnswerHoldsIsReleased) {
  RedisServer server;
  Gateway gateway(definition_of({limit_definition("concurrency", "limit=2")}),
                  impatient(server, OnStoreFailure::allow));
  const Said held = gateway.decide("u");
  ASSERT_EQ(held.by, DecidedBy::store);
  server.pause();
  const Said unknown = gateway.decide("u");
  EXPECT_EQ(unknown.by, DecidedBy::failure_allowed);
  EXPECT_TRUE(unknown.owed.empty());
  server.resume();
  gateway.run_until([&] {
    const Said said = gateway.decide(ask_for(gateway.definition(), "u", {}, 0));
    return said.by == DecidedBy::store && said.limits[0].quota.remaining == 1;
  });
}

TEST_F(RedisFaultsTest, AShareIsDecidedHereAndEndedHere) {
  RedisServer server;
  StandIn here;
  RedisOptions options = impatient(server, OnStoreFailure::local);
  options.local_share = {1, 4};
  options.make_local = here.factory();
  Gateway gateway(daily(10), options);
  EXPECT_EQ(here.made, 1);
  EXPECT_EQ(here.definition.limits[0].variants[0].count("limit"), 3);
  EXPECT_EQ(gateway.decide("u").by, DecidedBy::store);
  EXPECT_EQ(here.asked, 0);
  server.kill();
  const Said said = gateway.decide("u");
  EXPECT_EQ(said.by, DecidedBy::failure_local);
  ASSERT_EQ(said.owed.size(), 1U);
  EXPECT_TRUE(said.owed[0].is_local);
  EXPECT_EQ(gateway.figures().decided_locally, 1U);
  server.start();
  wait_until_decided_by_store(gateway, "u");
  gateway.end(said.owed, {.now = {}, .partition = "u", .dropped = false, .costs = {}});
  EXPECT_EQ(here.ended.size(), 1U);
}

TEST_F(RedisFaultsTest, WithoutAnythingElseMemoryStandsIn) {
  RedisServer server;
  RedisOptions options = impatient(server, OnStoreFailure::local);
  options.local_share = {1, 4};
  Gateway gateway(daily(10), options);
  EXPECT_EQ(gateway.decide("u").by, DecidedBy::store);
  server.kill();
  int admitted = 0;
  for (int i = 0; i < 10; ++i) {
    const Said said = gateway.decide("u");
    EXPECT_EQ(said.by, DecidedBy::failure_local);
    admitted += said.allowed ? 1 : 0;
  }
  EXPECT_EQ(admitted, 3);
  EXPECT_EQ(gateway.figures().decided_locally, 10U);
}

TEST_F(RedisFaultsTest, AnErrorIsAFailureOfItsRequestOnly) {
  RedisServer server;
  Gateway gateway(daily(10), impatient(server, OnStoreFailure::allow));
  gateway.decide("u");
  std::string key = server.ask({"KEYS", "*"});
  key.pop_back();
  server.ask({"DEL", key});
  server.ask({"LPUSH", key, "what somebody else left here"});
  EXPECT_EQ(gateway.decide("u").by, DecidedBy::failure_allowed);
  EXPECT_EQ(gateway.failures("error"), 1U);
  EXPECT_EQ(gateway.decide("v").by, DecidedBy::store);
}

TEST_F(RedisFaultsTest, PasswordsAreGivenAndWrongOnesNeverDecide) {
  RedisServer server;
  server.ask({"CONFIG", "SET", "requirepass", "open sesame"});
  RedisOptions options = impatient(server, OnStoreFailure::deny);
  options.nodes[0].password = "open sesame";
  options.nodes[0].database = 3;
  Gateway right(daily(10), options);
  EXPECT_EQ(right.decide("u").by, DecidedBy::store);
  options.nodes[0].user = "default";
  Gateway named(daily(10), options);
  EXPECT_EQ(named.decide("u").limits[0].quota.remaining, 8);
  options.nodes[0].password = "guess";
  Gateway wrong(daily(10), options);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(wrong.decide("u").by, DecidedBy::failure_denied);
}

TEST_F(RedisFaultsTest, UnixSockets) {
  RedisServer server;
  RedisOptions options = impatient(server, OnStoreFailure::deny);
  options.nodes = {*parse_redis_url("unix://" + server.socket())};
  Gateway gateway(daily(10), options);
  EXPECT_EQ(gateway.decide("u").by, DecidedBy::store);
}

TEST_F(RedisFaultsTest, AGatewayMayGoWithRequestsOutstanding) {
  RedisServer server;
  int answered = 0;
  {
    Gateway gateway(daily(10), impatient(server, OnStoreFailure::deny));
    gateway.decide("u");
    server.pause();
    for (int i = 0; i < 50; ++i) {
      gateway.client().decide(ask_for(gateway.definition(), "u"), [&](Said&&) { ++answered; });
    }
    gateway.run_for(milliseconds(5));
  }
  EXPECT_EQ(answered, 0);
  server.resume();
}

}  // namespace
}  // namespace weir::store
