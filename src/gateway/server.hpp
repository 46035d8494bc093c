#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "gateway/counters.hpp"
#include "gateway/endpoint.hpp"
#include "gateway/server_options.hpp"

namespace weir::gateway {

class Acceptor;
class Worker;

/// An HTTP/1.1 server: threads with a loop each, over which the first one deals out connections.
class Server {
 public:
  /// Listens, but answers nothing before run(). The factories of the options are called here, for
  /// each thread, and not from threads of their own.
  static Result<std::unique_ptr<Server>> open(ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The ports of the listeners, in order; 0 for a Unix socket.
  std::vector<std::uint16_t> ports() const;
  std::size_t max_connections() const { return options_.max_connections; }

  /// Serves until it is stopped. The caller is the first of its threads.
  void run();

  /// Accepts nothing more, lets answers be finished until the grace is over, then ends run(). May
  /// be called by any thread, but not by a signal's handler.
  void stop(Duration grace);
  /// Makes every thread another Gatekeeper, on that thread and before its next decision; what is
  /// under way ends with the old one. May be called by any thread while run() runs.
  void replace_gatekeepers(GatekeeperFactory make);

  ServerFigures figures() const;

 private:
  explicit Server(ServerOptions options);

  ServerOptions options_;
  std::vector<ListeningSocket> listeners_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
};

}  // namespace weir::gateway
