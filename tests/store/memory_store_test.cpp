#include "store/memory_store.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "limiter/catalogue.hpp"
#include "store/key_text.hpp"
#include "store/store_support.hpp"

namespace weir::store {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

Instant at_ms(std::int64_t ms) {
  return Instant::from_unix_ns(1'700'000'000'000'000'000 + ms * 1'000'000);
}

/// A memory store of these limits, and a client of it.
struct Held {
  explicit Held(const std::vector<std::string>& limits, MemoryOptions options = {},
                const Store* before = nullptr)
      : definition(definition_of(limits)) {
    options.environment.start = at_ms(0);
    auto made = make_memory_store(definition, options, before);
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    if (!made) return;
    store = std::move(*made);
    client = store->make_client(loop);
  }

  Said decide(Instant now, const std::string& key, policy::Cost cost = 1) {
    return decide(ask_of(definition, now, key, cost));
  }
  Said decide(const Ask& ask) {
    Said said;
    EXPECT_TRUE(client->decide_at_once(ask, said));
    return said;
  }

  Definition definition;
  boost::asio::io_context loop;
  std::unique_ptr<Store> store;
  std::unique_ptr<StoreClient> client;
};

TEST(MemoryStore, SaysWhatIsLeftAndWhenToComeBack) {
  Held held({"fixed-window limit=2 window=20s anchor=first-request"});
  EXPECT_EQ(held.decide(at_ms(0), "a").limits[0].quota.remaining, 1);
  EXPECT_TRUE(held.decide(at_ms(5'000), "a").allowed);
  const Said denied = held.decide(at_ms(6'500), "a");
  EXPECT_FALSE(denied.allowed);
  EXPECT_EQ(denied.limits[0].quota.limit, 2);
  EXPECT_EQ(denied.limits[0].retry_after, Duration::from_ms(13'500));
  EXPECT_EQ(denied.limits[0].advertised_retry_after, Duration::from_seconds(14));
  EXPECT_TRUE(held.decide(at_ms(6'500), "b").allowed);
  EXPECT_TRUE(held.decide(at_ms(20'000), "a").allowed);
}

TEST(MemoryStore, ChargesAllLimitsOrNone) {
  Held held({"fixed-window limit=3 window=1m", "fixed-window limit=1 window=1s"});
  EXPECT_TRUE(held.decide(at_ms(0), "a").allowed);
  const Said denied = held.decide(at_ms(1), "a");
  EXPECT_FALSE(denied.allowed);
  EXPECT_TRUE(denied.limits[0].verdict.allowed);
  EXPECT_FALSE(denied.limits[1].verdict.allowed);
  EXPECT_EQ(denied.limits[0].quota.remaining, 2);
  EXPECT_EQ(held.decide(at_ms(1'000), "a").limits[0].quota.remaining, 1);
}

TEST(MemoryStore, TimeThatGoesBackStandsStill) {
  Held held({"gcra rate=1/s burst=1"});
  EXPECT_TRUE(held.decide(at_ms(10'000), "a").allowed);
  EXPECT_FALSE(held.decide(at_ms(9'000), "a").allowed);
  EXPECT_EQ(held.decide(at_ms(9'000), "a").limits[0].retry_after, Duration::from_seconds(1));
}

TEST(MemoryStore, ForgetsKeysThatAreAsNew) {
  Held held({"gcra rate=10/s burst=1"});
  for (int i = 0; i < 1'000; ++i) held.decide(at_ms(i * 10), fmt::format("user-{}", i));
  EXPECT_LT(*held.store->figures().active_keys, 300U);
  EXPECT_GT(*held.store->figures().active_keys, 9U);
}

TEST(MemoryStore, ANewKeyFindsNoRoomOnceThereAreTooMany) {
  Held held({"fixed-window limit=5 window=1h"}, {.environment = {}, .max_keys = 10});
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(held.decide(at_ms(i), fmt::format("{}", i)).allowed);
  const Said refused = held.decide(at_ms(11), "another");
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.by, DecidedBy::full_denied);
  EXPECT_THAT(refused.limits, SizeIs(0));
  EXPECT_TRUE(held.decide(at_ms(12), "3").allowed);
}

TEST(MemoryStore, ForgetsByItselfWhereItHasAClock) {
  const Instant later = at_ms(2 * 3'600'000);
  Held held({"fixed-window limit=5 window=1h"},
            {.environment = {}, .max_keys = 10, .clock = [later] { return later; }});
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(held.decide(at_ms(i), fmt::format("{}", i)).allowed);
  EXPECT_FALSE(held.decide(at_ms(11), "another").allowed);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (*held.store->figures().active_keys > 0 && std::chrono::steady_clock::now() < deadline) {
    held.loop.run_one();
  }
  EXPECT_TRUE(held.decide(later, "another").allowed);
}

TEST(MemoryStore, LetsNewKeysPassWhereItIsToldTo) {
  Held held({"deny-all"}, {.environment = {}, .max_keys = 1, .full_allows = true});
  EXPECT_FALSE(held.decide(at_ms(0), "a").allowed);
  EXPECT_EQ(held.decide(at_ms(0), "b").by, DecidedBy::full_allowed);
}

TEST(MemoryStore, ARequestThatIsRepeatedIsNotChargedTwice) {
  Held held({"fixed-window limit=1 window=1m"},
            {.environment = {}, .request_id_ttl = Duration::from_seconds(10)});
  Ask first = ask_of(held.definition, at_ms(0), "a", 1);
  first.request_id = "r-1";
  EXPECT_TRUE(held.decide(first).allowed);
  first.now = at_ms(9'999);
  const Said again = held.decide(first);
  EXPECT_TRUE(again.allowed);
  EXPECT_EQ(again.by, DecidedBy::repetition);
  // Whoever repeats it may be asked about other limits.
  EXPECT_THAT(again.limits, SizeIs(0));
  Ask other = first;
  other.request_id = "r-2";
  EXPECT_FALSE(held.decide(other).allowed);
  // What was denied is decided anew, and an id is somebody's own.
  other.now = at_ms(60'000);
  EXPECT_EQ(held.decide(other).by, DecidedBy::store);
  Ask of_another = ask_of(held.definition, at_ms(60'000), "b", 1);
  of_another.request_id = "r-2";
  EXPECT_EQ(held.decide(of_another).by, DecidedBy::store);
  first.now = at_ms(60'001);
  EXPECT_FALSE(held.decide(first).allowed);
}

TEST(MemoryStore, SettlesCostsThatAreKnownLate) {
  Held held({"token-bucket capacity=100 rate=1/s"});
  held.definition.limits[0].spec.charge = {policy::ChargeSpec::When::reserve, "estimate", true};
  auto made = make_memory_store(held.definition, {.environment = {.start = at_ms(0)}});
  ASSERT_TRUE(made);
  const auto client = (*made)->make_client(held.loop);
  Said said;
  ASSERT_TRUE(client->decide_at_once(ask_of(held.definition, at_ms(0), "a", 60), said));
  EXPECT_EQ(said.limits[0].quota.remaining, 40);
  ASSERT_THAT(said.owed, SizeIs(1));
  client->end(said.owed, {.now = at_ms(0), .partition = "a", .costs = {25}});
  ASSERT_TRUE(client->decide_at_once(ask_of(held.definition, at_ms(0), "a", 1), said));
  EXPECT_EQ(said.limits[0].quota.remaining, 74);
  // Nobody knows what it cost: what was reserved stands.
  client->end(said.owed, {.now = at_ms(0), .partition = "a", .costs = {std::nullopt}});
  ASSERT_TRUE(client->decide_at_once(ask_of(held.definition, at_ms(0), "a", 0), said));
  EXPECT_EQ(said.limits[0].quota.remaining, 74);
}

TEST(MemoryStore, HoldsAndQueues) {
  Held held({"concurrency limit=1 queue=1"});
  Said said;
  ASSERT_TRUE(held.client->decide_at_once(ask_of(held.definition, at_ms(0), "a", 1), said));
  ASSERT_THAT(said.owed, SizeIs(1));
  Said none;
  EXPECT_FALSE(held.client->decide_at_once(ask_of(held.definition, at_ms(1), "a", 1), none));
  std::vector<Said> started;
  held.client->decide(ask_of(held.definition, at_ms(1), "a", 1),
                      [&](Said&& s) { started.push_back(std::move(s)); });
  EXPECT_TRUE(started.empty());
  // The line is full.
  EXPECT_FALSE(held.decide(at_ms(2), "a").allowed);
  held.client->end(said.owed, {.now = at_ms(3), .partition = "a", .costs = {}});
  held.loop.run();
  ASSERT_THAT(started, SizeIs(1));
  EXPECT_TRUE(started[0].allowed);
  EXPECT_EQ(started[0].owed[0].started, at_ms(3));
  held.client->end(started[0].owed, {.now = at_ms(4), .partition = "a", .costs = {}});
  EXPECT_TRUE(held.decide(at_ms(4), "a").allowed);
}

TEST(MemoryStore, StatesLiveOnWhereALimitStaysWhatItWas) {
  Held before({"fixed-window limit=2 window=1h", "fixed-window limit=5 window=1d"});
  before.decide(at_ms(0), "a");
  Held after({"fixed-window limit=2 window=1h", "fixed-window limit=6 window=1d"}, {},
             before.store.get());
  const Said said = after.decide(at_ms(1), "a");
  EXPECT_EQ(said.limits[0].quota.remaining, 0);
  EXPECT_EQ(said.limits[1].quota.remaining, 5);
}

// A tick that is due when its client goes, as at a reload, finds it gone.
TEST(MemoryStore, ClientsComeAndGo) {
  Held held({"fixed-window limit=5 window=1h"},
            {.environment = {}, .clock = [] { return at_ms(0); }});
  std::unique_ptr<StoreClient> client;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  while (std::chrono::steady_clock::now() < deadline) {
    boost::asio::post(held.loop, [&] { client = held.store->make_client(held.loop); });
    std::this_thread::sleep_for(std::chrono::milliseconds(21));
    held.loop.poll();
  }
  EXPECT_TRUE(held.decide(at_ms(0), "a").allowed);
}

TEST(MemoryStore, ShowsAndResetsKeys) {
  Held held({"fixed-window limit=5 window=1h"});
  held.decide(at_ms(0), "a", 3);
  held.decide(at_ms(0), "b");
  std::vector<KeyCount> found;
  held.client->inspect({"", {{"user", "a"}}}, 10, at_ms(1), [&](auto keys) { found = keys; });
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].limit, "limit-1");
  EXPECT_EQ(found[0].key, "a");
  EXPECT_EQ(found[0].quota.remaining, 2);
  held.client->inspect({"", {{"nobody", "a"}}}, 10, at_ms(1), [&](auto keys) { found = keys; });
  EXPECT_THAT(found, SizeIs(0));
  std::size_t gone = 0;
  held.client->reset({"limit-1", {{"user", "a"}}}, [&](std::size_t count) { gone = count; });
  EXPECT_EQ(gone, 1U);
  EXPECT_EQ(held.decide(at_ms(2), "a").limits[0].quota.remaining, 4);
  EXPECT_EQ(held.decide(at_ms(2), "b").limits[0].quota.remaining, 3);
}

// Threads hammer a few keys through clients of their own; what was admitted of each is what the
// rule admits, not one more and not one less.
TEST(MemoryStore, IsExactUnderAnyNumberOfThreads) {
  Held held({"fixed-window limit=500 window=1h", "sliding-window-log limit=700 window=1h"});
  constexpr int threads = 4;
  std::map<std::string, std::atomic<int>> admitted;
  for (const char* key : {"a", "b", "c"}) admitted[key] = 0;
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&] {
      boost::asio::io_context loop;
      const auto client = held.store->make_client(loop);
      for (int i = 0; i < 600; ++i) {
        for (auto& [key, count] : admitted) {
          Said said;
          client->decide_at_once(ask_of(held.definition, at_ms(i), key, 1), said);
          if (said.allowed) ++count;
        }
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  for (const auto& [key, count] : admitted) EXPECT_EQ(count, 500) << key;
}

TEST(MemoryStore, TakesEveryAlgorithmOfTheCatalogue) {
  for (const limiter::AlgorithmInfo& info : limiter::catalogue()) {
    SCOPED_TRACE(info.id);
    Held held({info.example.empty() ? std::string(info.id)
                                    : fmt::format("{} {}", info.id, info.example)});
    Said said;
    for (int i = 0; i < 3; ++i) {
      const Ask ask = ask_of(held.definition, at_ms(i * 3'600'000), "a", 1);
      if (!held.client->decide_at_once(ask, said)) continue;
      ASSERT_THAT(said.limits, SizeIs(1));
      EXPECT_EQ(said.allowed, said.limits[0].verdict.allowed);
      if (!said.owed.empty()) {
        held.client->end(said.owed, {.now = ask.now, .partition = "a", .costs = {}});
      }
    }
    EXPECT_EQ(said.allowed, info.id != "deny-all");
  }
}

TEST(KeyText, KeepsValuesApart) {
  std::string text;
  append_key_value(text, "a|b", true);
  append_key_value(text, "", false);
  append_key_value(text, "50% {x}\n", false);
  EXPECT_EQ(text, "a%7Cb||50%25%20%7Bx%7D%0A");
  EXPECT_THAT(key_values(text), ElementsAre("a|b", "", "50% {x}\n"));
  EXPECT_THAT(key_values(""), ElementsAre(""));
  text.clear();
  append_key_value(text, std::string(1'000'000, '%'), true);
  EXPECT_LT(text.size(), 100U);
  EXPECT_THAT(key_values(text), ElementsAre(kept_value(std::string(1'000'000, '%'))));
  EXPECT_NE(kept_value(std::string(300, 'a')), kept_value(std::string(301, 'a')));
}

}  // namespace
}  // namespace weir::store
