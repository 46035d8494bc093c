#include "e2e/http_client.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace weir::e2e {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// "HTTP/1.1 200 OK", then headers; lines end with CR LF.
HttpResponse parse_head(std::string_view head) {
  HttpResponse response;
  for (bool first = true; !head.empty(); first = false) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    if (first) {
      const std::size_t space = line.find(' ');
      if (space == line.npos) return {};
      response.status = std::atoi(std::string(line.substr(space + 1, 3)).c_str());
      continue;
    }
    const std::size_t colon = std::min(line.find(':'), line.size());
    if (colon < line.size()) {
      response.headers[lower_case(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
    }
  }
  return response;
}

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : found->second;
}

std::optional<HttpConnection> HttpConnection::connect(std::uint16_t port) {
  HttpConnection connection(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  setsockopt(connection.fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  setsockopt(connection.fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(connection.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return std::nullopt;
  }
  return connection;
}

HttpConnection::~HttpConnection() {
  if (fd_ >= 0) close(fd_);
}

bool HttpConnection::send(std::string_view path, const Headers& headers) {
  std::string request = "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n";
  for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
  request += "\r\n";
  std::string_view rest = request;
  while (!rest.empty()) {
    const ssize_t sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

HttpResponse HttpConnection::receive() {
  std::size_t head_end = received_.find("\r\n\r\n");
  while (head_end == received_.npos) {
    if (!receive_at_least(received_.size() + 1)) return {};
    head_end = received_.find("\r\n\r\n");
  }
  HttpResponse response = parse_head(std::string_view(received_).substr(0, head_end));
  const std::string length(response.header("content-length"));
  const std::size_t end = head_end + 4 + static_cast<std::size_t>(std::atoll(length.c_str()));
  if (!receive_at_least(end)) return {};
  received_.erase(0, end);
  return response;
}

HttpResponse HttpConnection::get(std::string_view path, const Headers& headers) {
  if (!send(path, headers)) return {};
  return receive();
}

bool HttpConnection::receive_at_least(std::size_t size) {
  char buffer[4096];
  while (received_.size() < size) {
    const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace weir::e2e
