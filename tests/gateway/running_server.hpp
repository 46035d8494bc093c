#pragma once

#include <cstdint>
#include <memory>
#include <thread>

#include "gateway/builtin_answer.hpp"
#include "gateway/fake_gatekeeper.hpp"
#include "gateway/raw_client.hpp"
#include "gateway/server.hpp"

namespace weir::gateway {

/// Options with one listener for traffic on a free port, that Gatekeeper and a built-in answer.
ServerOptions options_for_test(GatekeeperScript& script, BuiltinAnswerSpec answer = {});

/// A server that runs until this goes.
class RunningServer {
 public:
  explicit RunningServer(ServerOptions options);
  ~RunningServer() { stop(); }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  Server& operator*() { return *server_; }
  Server* operator->() { return server_.get(); }
  std::uint16_t port(std::size_t listener = 0) const { return server_->ports()[listener]; }
  RawClient client() const { return RawClient(port()); }
  ServerFigures figures() const { return server_->figures(); }
  /// Waits until it has ended.
  void stop(Duration grace = Duration());
  void join() { thread_.join(); }

 private:
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

}  // namespace weir::gateway
