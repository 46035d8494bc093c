#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace weir::e2e {

/// A request as a server of the tests reads it.
struct ServedRequest {
  std::string method;
  std::string path;
  /// By lower-case name.
  std::map<std::string, std::string, std::less<>> headers;
  std::string body;

  /// Empty if there is no such header.
  std::string header(std::string_view name) const;
};

/// A client's connection, on the thread of the server that it has to itself.
class ServedConnection {
 public:
  ServedConnection(int fd, const std::atomic<bool>& stopping) : fd_(fd), stopping_(stopping) {}
  ~ServedConnection();
  ServedConnection(const ServedConnection&) = delete;
  ServedConnection& operator=(const ServedConnection&) = delete;

  /// The next request with its body; nothing once the client or the server is gone.
  std::optional<ServedRequest> read_request();
  /// False once the client is gone.
  bool write(std::string_view bytes);
  /// Waits, but not beyond the server's end; false then.
  bool pause(std::chrono::milliseconds time) const;
  /// Reads on and drops what comes, until the client closes or the server ends.
  void wait_for_close();
  /// Closes it, so that the client is told of a reset.
  void reset();
  void close();

 private:
  bool receive();

  int fd_;
  const std::atomic<bool>& stopping_;
  std::string received_;
};

/// A small TCP server on 127.0.0.1 with a thread for each connection, which runs `serve` and then
/// closes it.
class ThreadedServer {
 public:
  using Serve = std::function<void(ServedConnection& connection)>;

  explicit ThreadedServer(Serve serve);
  ~ThreadedServer() { stop(); }
  ThreadedServer(const ThreadedServer&) = delete;
  ThreadedServer& operator=(const ThreadedServer&) = delete;

  std::uint16_t port() const { return port_; }
  /// Closes the port and all connections, in the middle of whatever is under way.
  void stop();
  /// The same, but waits for nothing, so that `serve` may call it.
  void stop_soon() { stopping_ = true; }

 private:
  void accept_all();
  /// Waits for the threads that have served a connection to its end.
  void join_ended();

  /// A connection's thread, and whether it is about to end.
  struct Client {
    std::unique_ptr<std::atomic<bool>> ended;
    std::jthread thread;
  };

  Serve serve_;
  int fd_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::vector<Client> clients_;
  std::jthread acceptor_;
};

/// "HTTP/1.1 STATUS" with these header lines (each with its line end), a length and the body.
std::string http_answer(int status, std::string_view headers = "", std::string_view body = "ok\n");

}  // namespace weir::e2e
