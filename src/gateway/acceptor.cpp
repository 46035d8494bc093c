#include "gateway/acceptor.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <string_view>

namespace weir::gateway {
namespace {

/// How soon it is tried again when there were no more descriptors.
constexpr Duration accept_again_after = Duration::from_ms(100);
/// So many are accepted before others have their turn.
constexpr int accepted_at_once = 256;

constexpr std::string_view too_many =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 36\r\n"
    "Connection: close\r\n\r\nThere are too many connections now.\n";

}  // namespace

Acceptor::Acceptor(ListeningSocket& listener, Role role, std::size_t max_connections,
                   std::vector<std::unique_ptr<Worker>>& workers)
    : listener_(listener),
      role_(role),
      max_connections_(max_connections),
      workers_(workers),
      retry_(workers.front()->alarms(), [this] { ready(0); }) {}

void Acceptor::start() { workers_.front()->poller().add(listener_.fd(), *this); }

void Acceptor::stop() {
  is_stopped_ = true;
  retry_.cancel();
  listener_.close();
}

void Acceptor::ready(std::uint32_t) {
  for (int i = 0; i < accepted_at_once; ++i) {
    if (is_stopped_ || !accept_one()) return;
  }
  retry_.set(steady_now());
}

bool Acceptor::accept_one() {
  boost::asio::ip::tcp::endpoint from;
  auto size = static_cast<socklen_t>(from.capacity());
  const int fd = ::accept4(listener_.fd(), from.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) return true;
    workers_.front()->counters().accept_failures.add();
    retry_.set(steady_now() + accept_again_after);
    return false;
  }
  if (open_connections() >= max_connections_) {
    refuse(fd);
    return true;
  }
  if (listener_.is_unix()) {
    deal_out(fd, std::nullopt);
    return true;
  }
  const int yes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  from.resize(size);
  deal_out(fd, from.address());
  return true;
}

void Acceptor::deal_out(int fd, const std::optional<boost::asio::ip::address>& peer) {
  Worker& worker = *workers_[next_++ % workers_.size()];
  if (&worker == workers_.front().get()) return worker.adopt(fd, role_, peer);
  on_their_way_->fetch_add(1, std::memory_order_relaxed);
  boost::asio::post(worker.loop(), [&worker, fd, role = role_, peer, counted = on_their_way_] {
    worker.adopt(fd, role, peer);
    counted->fetch_sub(1, std::memory_order_relaxed);
  });
}

void Acceptor::refuse(int fd) {
  workers_.front()->counters().connections_refused.add();
  [[maybe_unused]] const ssize_t sent =
      ::send(fd, too_many.data(), too_many.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::close(fd);
}

std::size_t Acceptor::open_connections() const {
  std::size_t open = on_their_way_->load(std::memory_order_relaxed);
  for (const auto& worker : workers_) {
    const ServerCounters& counters = worker->counters();
    open += counters.connections_accepted.value() - counters.connections_closed.value();
  }
  return open;
}

}  // namespace weir::gateway
