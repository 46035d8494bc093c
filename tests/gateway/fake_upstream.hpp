#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <thread>

#include "gateway/raw_client.hpp"

namespace weir::gateway {

/// An upstream whose every connection is served byte by byte as a test wants, on a thread of its
/// own, and is then closed.
class FakeUpstream {
 public:
  /// `number` counts connections from 0.
  using Serve = std::function<void(RawClient& connection, int number)>;

  explicit FakeUpstream(Serve serve);
  /// One that answers every request so.
  static Serve answers(std::string answer);
  ~FakeUpstream();
  FakeUpstream(const FakeUpstream&) = delete;
  FakeUpstream& operator=(const FakeUpstream&) = delete;

  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void accept_all();

  Serve serve_;
  int fd_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  /// Both of them only grow.
  std::list<RawClient> clients_;
  std::list<std::jthread> threads_;
  std::jthread acceptor_;
};

}  // namespace weir::gateway
