#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::e2e {

/// A status, or 0 where the connection broke, and the headers by lower-case name.
struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string, std::less<>> headers;

  /// Empty if there is no such header.
  std::string_view header(std::string_view name) const;
};

/// A blocking HTTP/1.1 connection to a server on 127.0.0.1, kept alive from request to request.
class HttpConnection {
 public:
  static std::optional<HttpConnection> connect(std::uint16_t port);
  ~HttpConnection();
  HttpConnection(HttpConnection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  using Headers = std::vector<std::pair<std::string, std::string>>;
  /// Sends a GET and does not wait; false where the connection is broken.
  bool send(std::string_view path, const Headers& headers);
  /// The answer to the oldest request that has none yet. Bodies need a Content-Length and are
  /// dropped.
  HttpResponse receive();
  HttpResponse get(std::string_view path, const Headers& headers);

 private:
  explicit HttpConnection(int fd) : fd_(fd) {}

  /// Reads until `received_` holds at least `size` bytes.
  bool receive_at_least(std::size_t size);

  int fd_;
  std::string received_;
};

}  // namespace weir::e2e
