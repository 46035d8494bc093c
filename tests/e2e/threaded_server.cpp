#include "e2e/threaded_server.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

namespace weir::e2e {
namespace {

/// How long a thread waits at most until it looks whether the server has been stopped.
constexpr int look_up_ms = 20;

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// The next line of `text`, which it is taken from; lines end with CR LF.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find("\r\n"), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 2, text.size()));
  return line;
}

ServedRequest parse_request_head(std::string_view head) {
  ServedRequest request;
  const std::string_view first = take_line(head);
  const std::size_t method_end = std::min(first.find(' '), first.size());
  const std::size_t path_end = std::min(first.rfind(' '), first.size());
  request.method = first.substr(0, method_end);
  if (path_end > method_end) {
    request.path = first.substr(method_end + 1, path_end - method_end - 1);
  }
  while (!head.empty()) {
    const std::string_view line = take_line(head);
    const std::size_t colon = line.find(": ");
    if (colon == line.npos) continue;
    request.headers[in_lower_case(line.substr(0, colon))] = line.substr(colon + 2);
  }
  return request;
}

/// Whether there is something to read or to accept; waits for it a little.
bool is_readable(int fd) {
  pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&wanted, 1, look_up_ms) > 0;
}

}  // namespace

std::string ServedRequest::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

// ---- A connection

ServedConnection::~ServedConnection() { close(); }

bool ServedConnection::receive() {
  char buffer[8192];
  while (!stopping_ && fd_ >= 0) {
    if (!is_readable(fd_)) continue;
    const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(n));
    return true;
  }
  return false;
}

std::optional<ServedRequest> ServedConnection::read_request() {
  std::size_t head_end = received_.find("\r\n\r\n");
  while (head_end == received_.npos) {
    if (!receive()) return std::nullopt;
    head_end = received_.find("\r\n\r\n");
  }
  ServedRequest request = parse_request_head(std::string_view(received_).substr(0, head_end));
  const std::size_t body_begin = head_end + 4;
  const auto length =
      static_cast<std::size_t>(std::atoll(request.header("content-length").c_str()));
  while (received_.size() < body_begin + length) {
    if (!receive()) return std::nullopt;
  }
  request.body = received_.substr(body_begin, length);
  received_.erase(0, body_begin + length);
  return request;
}

bool ServedConnection::write(std::string_view bytes) {
  while (!bytes.empty() && fd_ >= 0) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return fd_ >= 0;
}

bool ServedConnection::pause(std::chrono::milliseconds time) const {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!stopping_ && std::chrono::steady_clock::now() < end) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    std::this_thread::sleep_for(
        std::clamp(left, std::chrono::milliseconds(1), std::chrono::milliseconds(look_up_ms)));
  }
  return !stopping_;
}

void ServedConnection::wait_for_close() {
  while (receive()) received_.clear();
}

void ServedConnection::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void ServedConnection::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

// ---- The server

// The descriptors are closed when weir is started: its connections would end with it only.
ThreadedServer::ThreadedServer(Serve serve)
    : serve_(std::move(serve)), fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd_, 1024) != 0 ||
      getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("a server of the tests found no port");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { accept_all(); });
}

void ThreadedServer::stop() {
  stopping_ = true;
  if (acceptor_.joinable()) acceptor_.join();
  clients_.clear();
}

void ThreadedServer::accept_all() {
  while (!stopping_) {
    if (!is_readable(fd_)) {
      join_ended();
      continue;
    }
    const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    auto ended = std::make_unique<std::atomic<bool>>(false);
    std::jthread thread([this, fd, &ended = *ended] {
      ServedConnection connection(fd, stopping_);
      serve_(connection);
      ended = true;
    });
    clients_.push_back({std::move(ended), std::move(thread)});
  }
  ::close(fd_);
}

void ThreadedServer::join_ended() {
  std::erase_if(clients_, [](const Client& client) { return client.ended->load(); });
}

std::string http_answer(int status, std::string_view headers, std::string_view body) {
  return fmt::format("HTTP/1.1 {} Answer\r\n{}Content-Length: {}\r\n\r\n{}", status, headers,
                     body.size(), body);
}

}  // namespace weir::e2e
