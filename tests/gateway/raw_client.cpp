#include "gateway/raw_client.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "core/letter_case.hpp"

namespace weir::gateway {
namespace {

constexpr std::chrono::milliseconds client_patience(20'000);

bool wait_for(int fd, short events, std::chrono::milliseconds time) {
  pollfd wanted{.fd = fd, .events = events, .revents = 0};
  return ::poll(&wanted, 1, static_cast<int>(time.count())) > 0;
}

}  // namespace

std::string_view ClientAnswer::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

RawClient::RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int yes = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) close();
}

RawClient::RawClient(const std::string& path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) close();
}

RawClient::RawClient(RawClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty() && fd_ >= 0) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return fd_ >= 0;
}

std::size_t RawClient::send_some(std::string_view bytes) {
  const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

bool RawClient::receive_more() {
  if (fd_ < 0 || !wait_for(fd_, POLLIN, client_patience)) return false;
  char buffer[65536];
  const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
  if (n <= 0) return false;
  received_.append(buffer, static_cast<std::size_t>(n));
  return true;
}

std::string RawClient::read_until(std::string_view text) {
  std::size_t at = received_.find(text);
  while (at == received_.npos) {
    if (!receive_more()) return std::exchange(received_, {});
    at = received_.find(text);
  }
  return read_bytes(at + text.size());
}

std::string RawClient::read_bytes(std::size_t size) {
  while (received_.size() < size && receive_more()) {
  }
  size = std::min(size, received_.size());
  std::string bytes = received_.substr(0, size);
  received_.erase(0, size);
  return bytes;
}

std::string RawClient::read_to_end() {
  while (receive_more()) {
  }
  return std::exchange(received_, {});
}

std::string RawClient::read_chunks() {
  std::string body;
  for (;;) {
    const std::string line = read_until("\r\n");
    const std::size_t size = std::strtoull(line.c_str(), nullptr, 16);
    if (!line.ends_with("\r\n")) return body;
    body += read_bytes(size);
    if (read_bytes(2) != "\r\n" || size == 0) return body;
  }
}

ClientAnswer RawClient::receive(bool answers_head) {
  ClientAnswer answer;
  answer.head = read_until("\r\n\r\n");
  if (!answer.head.starts_with("HTTP/1.1 ") || !answer.head.ends_with("\r\n\r\n")) return answer;
  answer.status = std::atoi(answer.head.c_str() + 9);
  std::size_t at = answer.head.find("\r\n") + 2;
  while (at + 2 < answer.head.size()) {
    const std::size_t end = answer.head.find("\r\n", at);
    const std::string line = answer.head.substr(at, end - at);
    const std::size_t colon = std::min(line.find(": "), line.size());
    answer.headers[lower_case(line.substr(0, colon))] =
        line.substr(std::min(colon + 2, line.size()));
    at = end + 2;
  }
  const bool has_body =
      !answers_head && answer.status != 204 && answer.status != 304 && answer.status / 100 != 1;
  if (!has_body) return answer;
  if (answer.header("transfer-encoding") == "chunked") {
    answer.body = read_chunks();
  } else if (answer.headers.contains("content-length")) {
    answer.body = read_bytes(std::strtoull(answer.headers["content-length"].c_str(), nullptr, 10));
  } else {
    answer.body = read_to_end();
  }
  return answer;
}

bool RawClient::is_closed_by_server() {
  char c = 0;
  if (!received_.empty() || fd_ < 0 || !wait_for(fd_, POLLIN, client_patience)) return false;
  return ::recv(fd_, &c, 1, MSG_PEEK) <= 0;
}

bool RawClient::has_bytes_within(std::chrono::milliseconds time) {
  return !received_.empty() || wait_for(fd_, POLLIN, time);
}

std::string RawClient::read_request() {
  std::string request = read_until("\r\n\r\n");
  const std::size_t length = request.find("Content-Length: ");
  if (length == request.npos) return request;
  return request + read_bytes(std::strtoull(request.c_str() + length + 16, nullptr, 10));
}

void RawClient::interrupt() const { ::shutdown(fd_, SHUT_RDWR); }

void RawClient::end_sending() { ::shutdown(fd_, SHUT_WR); }

void RawClient::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void RawClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::string get(std::string_view path, std::string_view lines) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: a.test\r\n{}\r\n", path, lines);
}

std::string post(std::string_view path, std::string_view body, std::string_view lines) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n{}\r\n{}", path,
                     body.size(), lines, body);
}

}  // namespace weir::gateway
