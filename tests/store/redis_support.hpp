#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/program.hpp"
#include "store/definition.hpp"
#include "store/redis_options.hpp"
#include "store/store.hpp"

namespace weir::store {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int redis_slowdown = 8;
#else
inline constexpr int redis_slowdown = 1;
#endif

/// A redis-server on a free port of 127.0.0.1 that keeps nothing on disk.
class RedisServer {
 public:
  RedisServer();
  ~RedisServer();

  static bool is_installed();
  std::uint16_t port() const { return port_; }
  RedisNode node() const;
  /// The path of its Unix socket.
  std::string socket() const { return folder_.path("socket"); }
  /// Waits until it answers, on the port that it had.
  void start();
  void kill();
  void pause();
  void resume();
  /// Sends a command on a connection of its own and returns the answer as text, elements of arrays
  /// on lines of their own; "" for nothing.
  std::string ask(const std::vector<std::string>& command) const;

 private:
  e2e::TemporaryFolder folder_;
  std::uint16_t port_;
  std::unique_ptr<e2e::Process> process_;
};

/// A test that needs redis-server.
class RedisTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::is_installed()) GTEST_SKIP() << "redis-server is not installed";
  }
};

/// A limit named after its algorithm, with complete parameters from "limit=5 window=1s", keyed by
/// the attribute "user".
LimitDefinition limit_definition(std::string_view algorithm, std::string_view setting,
                                 std::string name = "");
Definition definition_of(std::vector<LimitDefinition> limits);

/// Options for these servers, with a time-out that no loaded machine comes near.
RedisOptions options_for(const std::vector<RedisNode>& nodes);

/// Requests of cost 1 of all limits of a definition.
Ask ask_for(const Definition& definition, std::string_view user, Instant now = {},
            policy::Cost cost = 1);

/// A gateway with one thread: the test's.
class Gateway {
 public:
  Gateway(const Definition& definition, const RedisOptions& options);

  const Definition& definition() const { return definition_; }
  StoreClient& client() { return *client_; }
  boost::asio::io_context& loop() { return loop_; }
  StoreFigures figures() const { return store_->figures(); }
  std::uint64_t failures(std::string_view kind) const;

  Said decide(const Ask& ask);
  Said decide(std::string_view user) { return decide(ask_for(definition_, user)); }
  void end(std::vector<Owed> owed, const Ended& ended) { client_->end(std::move(owed), ended); }
  std::vector<KeyCount> inspect(const KeyFilter& filter, std::size_t most = 1000, Instant now = {});
  std::size_t reset(const KeyFilter& filter);
  /// Runs the loop until then; fails the test after half a minute.
  void run_until(const std::function<bool()>& done);
  void run_for(std::chrono::milliseconds time);

 private:
  boost::asio::io_context loop_;
  Definition definition_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<StoreClient> client_;
};

}  // namespace weir::store
