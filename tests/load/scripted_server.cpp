#include "load/scripted_server.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace weir::load {
namespace {

/// Whether something can be read, looked for until `stops`.
bool wait_to_read_from(int fd, const std::atomic<bool>& stops) {
  while (!stops) {
    pollfd waited{.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&waited, 1, 10) > 0) return true;
  }
  return false;
}

/// How long a request is, or 0 if its end has not come.
std::size_t length_of_request(std::string_view text) {
  const std::size_t head = text.find("\r\n\r\n");
  if (head == text.npos) return 0;
  constexpr std::string_view name = "Content-Length: ";
  const std::size_t at = text.substr(0, head).find(name);
  const std::size_t body =
      at == text.npos ? 0 : std::strtoul(text.data() + at + name.size(), nullptr, 10);
  return text.size() >= head + 4 + body ? head + 4 + body : 0;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void close_by_reset(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

ScriptedServer::ScriptedServer(Script script)
    : script_(std::move(script)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  static_cast<void>(bind(listener_, reinterpret_cast<sockaddr*>(&address), size));
  listen(listener_, 1'000);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::ScriptedServer(ScriptedAnswer answer)
    : ScriptedServer([answer = std::move(answer)](int, int) { return answer; }) {}

ScriptedServer::~ScriptedServer() {
  stops_ = true;
  acceptor_.join();
  close(listener_);
}

std::string ScriptedServer::url(const std::string& path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

std::vector<std::string> ScriptedServer::requests() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ScriptedServer::accept_all() {
  std::vector<std::thread> threads;
  while (wait_to_read_from(listener_, stops_)) {
    const int fd = accept(listener_, nullptr, nullptr);
    const int connection = connections_++;
    threads.emplace_back([this, fd, connection] {
      serve(fd, connection);
      close(fd);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void ScriptedServer::serve(int fd, int connection) {
  std::string received;
  for (int request = 0; wait_to_read_from(fd, stops_);) {
    char buffer[65'536];
    const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) return;
    received.append(buffer, static_cast<std::size_t>(n));
    while (const std::size_t length = length_of_request(received)) {
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(received.substr(0, length));
      }
      received.erase(0, length);
      const ScriptedAnswer answer = script_(connection, request++);
      if (!write_all(fd, answer.bytes)) return;
      if (answer.then == ScriptedAnswer::Then::reset) close_by_reset(fd);
      if (answer.then == ScriptedAnswer::Then::close ||
          answer.then == ScriptedAnswer::Then::reset) {
        return;
      }
    }
  }
}

}  // namespace weir::load
