#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "e2e/threaded_server.hpp"

namespace weir::e2e {

/// A server of the tests that answers wrongly on purpose; how is said by the path of a request. All
/// on a connection are answered, one after another, unless that is what is wrong.
class MisbehavingServer {
 public:
  MisbehavingServer();

  std::uint16_t port() const { return server_.port(); }
  /// How many requests came whole, and how many connections.
  std::int64_t requests() const { return requests_; }
  std::int64_t connections() const { return connections_; }

 private:
  void serve(ServedConnection& connection);

  std::atomic<std::int64_t> requests_{0};
  std::atomic<std::int64_t> connections_{0};
  /// The last, so that it ends first.
  ThreadedServer server_;
};

}  // namespace weir::e2e
