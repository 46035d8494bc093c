#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "store/redis_store.hpp"
#include "store/redis_support.hpp"

// Several gateways with several threads each ask for one key at once.

namespace weir::store {
namespace {

using std::chrono::steady_clock;

constexpr int hammering_gateways = 2;
constexpr int hammering_threads = 2;
constexpr int hammering_outstanding = 16;

class RedisConcurrencyTest : public RedisTest {};

/// A thread's loop: it always has so many requests outstanding, until told to stop.
class Hammer {
 public:
  using Heard = std::function<void(StoreClient& client, Said&& said)>;

  Hammer(Store& store, const Definition& definition, Heard heard)
      : client_(store.make_client(loop_)),
        ask_(ask_for(definition, "u")),
        heard_(std::move(heard)) {}

  void run(const std::atomic<bool>& stop) {
    for (int i = 0; i < hammering_outstanding; ++i) next(stop);
    while (outstanding_ > 0) loop_.run_one_for(std::chrono::milliseconds(100));
    // What was ended last must be sent.
    Ask last = ask_;
    for (LimitAsk& limit : last.limits) limit.cost = 0;
    bool answered = false;
    client_->decide(last, [&answered](Said&&) { answered = true; });
    while (!answered) loop_.run_one_for(std::chrono::milliseconds(100));
  }

 private:
  void next(const std::atomic<bool>& stop) {
    if (stop) return;
    ++outstanding_;
    client_->decide(ask_, [this, &stop](Said&& said) {
      --outstanding_;
      heard_(*client_, std::move(said));
      // Not from within: answers come one after the other.
      next(stop);
    });
  }

  boost::asio::io_context loop_;
  std::unique_ptr<StoreClient> client_;
  Ask ask_;
  Heard heard_;
  int outstanding_ = 0;
};

/// Lets all threads of all gateways hammer until `stop`, which `heard` may set as well.
void hammer(const RedisServer& server, const Definition& definition, std::atomic<bool>& stop,
            std::chrono::milliseconds longest, const Hammer::Heard& heard) {
  std::vector<std::unique_ptr<Store>> stores;
  for (int i = 0; i < hammering_gateways; ++i) {
    auto made = make_redis_store(definition, options_for({server.node()}));
    ASSERT_TRUE(made);
    stores.push_back(std::move(*made));
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < hammering_gateways * hammering_threads; ++i) {
    Store& store = *stores[static_cast<std::size_t>(i % hammering_gateways)];
    threads.emplace_back([&] { Hammer(store, definition, heard).run(stop); });
  }
  const auto end = steady_clock::now() + longest;
  while (!stop && steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(RedisConcurrencyTest, ExactlyTheLimitIsAdmitted) {
  for (const auto& [algorithm, setting] : std::vector<std::pair<std::string, std::string>>{
           {"fixed-window", "limit=2000 window=1d anchor=first-request"},
           {"sliding-window-log", "limit=2000 window=1d"},
           {"token-bucket", "capacity=2000 rate=0/s"}}) {
    const RedisServer server;
    std::atomic<int> admitted{0};
    std::atomic<int> denied{0};
    std::atomic<bool> stop{false};
    hammer(server, definition_of({limit_definition(algorithm, setting)}), stop,
           std::chrono::seconds(20), [&](StoreClient&, Said&& said) {
             ASSERT_EQ(said.by, DecidedBy::store);
             if (said.allowed) {
               ++admitted;
             } else if (++denied > 300) {
               stop = true;
             }
           });
    EXPECT_GT(denied, 300) << algorithm;
    EXPECT_EQ(admitted, 2000) << algorithm;
  }
}

/// Of each admission, by the server's clock.
class Admissions {
 public:
  void add(const Said& said) {
    if (!said.allowed) return;
    const std::lock_guard lock(mutex_);
    at_.push_back(said.owed.at(0).charged_at.unix_ns());
  }
  std::vector<std::int64_t> sorted() {
    std::sort(at_.begin(), at_.end());
    return at_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::int64_t> at_;
};

TEST_F(RedisConcurrencyTest, NeverMoreThanTheLimitInAnyWindow) {
  constexpr std::size_t limit = 100;
  constexpr std::int64_t window = 100'000'000;
  const RedisServer server;
  LimitDefinition one = limit_definition("sliding-window-log", "limit=100 window=100ms");
  // What owes knows when it was admitted.
  one.spec.charge.when = policy::ChargeSpec::When::reserve;
  Admissions admissions;
  std::atomic<bool> stop{false};
  hammer(server, definition_of({one}), stop, std::chrono::milliseconds(1500),
         [&](StoreClient&, Said&& said) { admissions.add(said); });
  const std::vector<std::int64_t> at = admissions.sorted();
  ASSERT_GT(at.size(), 2 * limit);
  for (std::size_t i = limit; i < at.size(); ++i) {
    ASSERT_GE(at[i] - at[i - limit], window) << i;
  }
}

TEST_F(RedisConcurrencyTest, ABucketGivesNoMoreThanItsBurstAndItsRate) {
  constexpr std::int64_t burst = 50;
  constexpr std::int64_t unit = 1'000'000;
  const RedisServer server;
  LimitDefinition one = limit_definition("gcra", "rate=1000/s burst=50");
  one.spec.charge.when = policy::ChargeSpec::When::reserve;
  Admissions admissions;
  std::atomic<bool> stop{false};
  hammer(server, definition_of({one}), stop, std::chrono::milliseconds(1500),
         [&](StoreClient&, Said&& said) { admissions.add(said); });
  const std::vector<std::int64_t> at = admissions.sorted();
  ASSERT_GT(at.size(), 100U);
  // The rule itself, in the order of the clock: it conforms if and only if none came too early.
  std::int64_t tat = 0;
  for (const std::int64_t now : at) {
    tat = std::max(tat, now) + unit;
    ASSERT_LE(tat - now, burst * unit);
  }
}

TEST_F(RedisConcurrencyTest, NeverMoreAreHeldThanThereAreSlots) {
  const RedisServer server;
  std::atomic<int> held{0};
  std::atomic<int> most{0};
  std::atomic<int> times{0};
  std::atomic<bool> stop{false};
  const Definition definition = definition_of({limit_definition("concurrency", "limit=5")});
  hammer(server, definition, stop, std::chrono::milliseconds(1000),
         [&](StoreClient& client, Said&& said) {
           if (!said.allowed) return;
           const int now = ++held;
           ++times;
           for (int before = most; now > before && !most.compare_exchange_weak(before, now);) {
           }
           std::this_thread::yield();
           --held;
           client.end(std::move(said.owed),
                      {.now = {}, .partition = "u", .dropped = false, .costs = {}});
         });
  EXPECT_GT(times, 100);
  EXPECT_LE(most, 5);
  EXPECT_EQ(server.ask({"DBSIZE"}), "0");
}

}  // namespace
}  // namespace weir::store
