#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.hpp"

namespace weir::gateway {

/// Where a server listens.
struct ListenEndpoint {
  /// Of a Unix socket; empty for TCP.
  std::string path;
  /// A name or an address without brackets; empty for every interface.
  std::string host;
  /// 0 for any that is free.
  std::uint16_t port = 0;
};

/// "HOST:PORT", ":PORT", "[::1]:PORT" or "unix:/PATH".
Result<ListenEndpoint> parse_listen_endpoint(std::string_view text);

/// A socket that accepts connections. The file of a Unix socket goes with it.
class ListeningSocket {
 public:
  /// Replaces the file of a Unix socket on which nobody listens any more.
  static Result<ListeningSocket> open(const ListenEndpoint& endpoint, int backlog);
  ListeningSocket(ListeningSocket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)), port_(other.port_) {
    other.path_.clear();
  }
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;
  ~ListeningSocket() { close(); }

  void close();
  int fd() const { return fd_; }
  bool is_unix() const { return port_ == 0; }
  /// The real one; 0 for a Unix socket.
  std::uint16_t port() const { return port_; }

 private:
  ListeningSocket(int fd, std::string path, std::uint16_t port)
      : fd_(fd), path_(std::move(path)), port_(port) {}
  static Result<ListeningSocket> open_tcp(const ListenEndpoint& endpoint, int backlog);
  static Result<ListeningSocket> open_unix(const std::string& path, int backlog);

  int fd_;
  std::string path_;
  std::uint16_t port_;
};

}  // namespace weir::gateway
