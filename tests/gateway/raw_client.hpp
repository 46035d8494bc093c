#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace weir::gateway {

/// An answer as a client reads it.
struct ClientAnswer {
  /// 0 where the connection ended before.
  int status = 0;
  /// The status line and the headers as they came.
  std::string head;
  /// By lower-case name; of those that come twice, the last.
  std::map<std::string, std::string, std::less<>> headers;
  /// Without its chunked coding.
  std::string body;

  /// Empty if there is no such header.
  std::string_view header(std::string_view name) const;
};

/// A client that sends whatever a test wants, byte for byte. It waits for an answer for so long
/// that only a server that gives none makes a test wait.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  /// To a Unix socket.
  explicit RawClient(const std::string& path);
  /// The other side of a connection that was accepted.
  static RawClient of_socket(int fd) {
    RawClient client;
    client.fd_ = fd;
    return client;
  }
  ~RawClient() { close(); }
  RawClient(RawClient&& other) noexcept;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool is_open() const { return fd_ >= 0; }
  /// False where the connection is broken.
  bool send(std::string_view bytes);
  /// As much as goes without waiting.
  std::size_t send_some(std::string_view bytes);
  /// The next answer; one to HEAD has no body.
  ClientAnswer receive(bool answers_head = false);
  ClientAnswer ask(std::string_view bytes) { return send(bytes) ? receive() : ClientAnswer(); }
  /// Reads until that text has come; all that has come and was not read before, up to its end.
  std::string read_until(std::string_view text);
  /// Exactly so many bytes, or fewer if the connection ends.
  std::string read_bytes(std::size_t size);
  /// All until the server closes.
  std::string read_to_end();
  /// Whether the server has closed, or closes soon, and sends nothing before.
  bool is_closed_by_server();
  /// Whether anything has come within that time.
  bool has_bytes_within(std::chrono::milliseconds time);
  /// A request's head, and its body if it tells its length.
  std::string read_request();
  /// Sends no more.
  void end_sending();
  /// Ends whatever it waits for, from another thread.
  void interrupt() const;
  /// Closes with a reset.
  void reset();
  void close();

 private:
  RawClient() = default;
  bool receive_more();
  std::string read_chunks();

  int fd_ = -1;
  std::string received_;
};

/// "GET /path" with these header lines, each with its line end, of HTTP/1.1.
std::string get(std::string_view path, std::string_view lines = "");
/// "POST /path" with a length and a body.
std::string post(std::string_view path, std::string_view body, std::string_view lines = "");

}  // namespace weir::gateway
