#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace weir::load {

/// What a server writes when a request has come, and does then.
struct ScriptedAnswer {
  enum class Then { keep, close, reset, stall };
  std::string bytes;
  Then then = Then::keep;
};

/// A server on 127.0.0.1 that reads requests as HTTP/1.1 and answers as it is told, all in order.
class ScriptedServer {
 public:
  /// Connections, and requests on each, are numbered from 0.
  using Script = std::function<ScriptedAnswer(int connection, int request)>;

  explicit ScriptedServer(Script script);
  /// Answers all requests alike.
  explicit ScriptedServer(ScriptedAnswer answer);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& path = "/") const;
  /// All that has come, request by request, as it was on the wire.
  std::vector<std::string> requests();
  int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int fd, int connection);

  Script script_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stops_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread acceptor_;
};

}  // namespace weir::load
