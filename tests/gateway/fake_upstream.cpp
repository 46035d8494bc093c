#include "gateway/fake_upstream.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace weir::gateway {

FakeUpstream::FakeUpstream(Serve serve)
    : serve_(std::move(serve)), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd_, 64) != 0 ||
      ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("an upstream of the tests found no port");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { accept_all(); });
}

FakeUpstream::Serve FakeUpstream::answers(std::string answer) {
  return [answer = std::move(answer)](RawClient& connection, int) {
    while (!connection.read_request().empty()) connection.send(answer);
  };
}

FakeUpstream::~FakeUpstream() {
  ::shutdown(fd_, SHUT_RDWR);
  acceptor_.join();
  for (const RawClient& client : clients_) client.interrupt();
  threads_.clear();
  ::close(fd_);
}

void FakeUpstream::accept_all() {
  for (;;) {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    clients_.push_back(RawClient::of_socket(fd));
    threads_.emplace_back([this, &client = clients_.back(), number = connections_++] {
      serve_(client, number);
      client.interrupt();
    });
  }
}

}  // namespace weir::gateway
