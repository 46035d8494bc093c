#include "gateway/upstream_pool.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

namespace weir::gateway {
namespace {

constexpr std::size_t upstream_buffer_size = std::size_t{64} << 10;
constexpr std::size_t kept_out_capacity = 4096;

}  // namespace

// ---- A connection

UpstreamConnection::UpstreamConnection(UpstreamPool& pool, const boost::asio::ip::tcp::endpoint& to)
    : pool_(pool),
      fd_(::socket(to.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  const int yes = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const bool begun =
      fd_ >= 0 &&
      (::connect(fd_, to.data(), static_cast<socklen_t>(to.size())) == 0 || errno == EINPROGRESS);
  if (!begun || !pool_.poller().add(fd_, *this)) state_ = State::broken;
}

UpstreamConnection::~UpstreamConnection() {
  if (fd_ >= 0) ::close(fd_);
}

void UpstreamConnection::ready(std::uint32_t events) {
  if (fd_ < 0) return;
  if (state_ == State::connecting) {
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    state_ = error == 0 ? State::open : State::broken;
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  const bool was_unwritten = unwritten() > 0;
  if (state_ == State::open) flush();
  if (user_ != nullptr) {
    user_->connection_changed();
  } else if (readable_ && (events & EPOLLIN) != 0 && !was_unwritten) {
    pool_.idle_changed(*this);
  }
}

void UpstreamConnection::send(std::string_view bytes) {
  out_.append(bytes);
  if (state_ == State::open) flush();
}

void UpstreamConnection::flush() {
  while (sent_ < out_.size()) {
    const ssize_t n = ::send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    // What it sent before may still be read, and says more.
    if (n < 0) break;
    sent_ += static_cast<std::size_t>(n);
    written_ += static_cast<std::uint64_t>(n);
  }
  out_.clear();
  sent_ = 0;
  if (out_.capacity() > kept_out_capacity) out_.shrink_to_fit();
}

UpstreamConnection::Came UpstreamConnection::receive(std::string_view& bytes) {
  if (state_ == State::broken) return Came::failure;
  if (!readable_ || state_ == State::connecting) return Came::nothing;
  std::vector<char>& buffer = pool_.buffer();
  ssize_t n = 0;
  do {
    n = ::recv(fd_, buffer.data(), buffer.size(), 0);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN) {
    readable_ = false;
    return Came::nothing;
  }
  if (n < 0) {
    state_ = State::broken;
    return Came::failure;
  }
  if (n == 0) return Came::end;
  bytes = {buffer.data(), static_cast<std::size_t>(n)};
  return Came::bytes;
}

bool UpstreamConnection::is_quiet() const {
  char c = 0;
  return ::recv(fd_, &c, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR);
}

// ---- The pool

UpstreamPool::UpstreamPool(const BackendParts& parts,
                           std::vector<boost::asio::ip::tcp::endpoint> endpoints,
                           Duration keep_alive, std::size_t max_idle)
    : parts_(parts),
      endpoints_(std::move(endpoints)),
      keep_alive_(keep_alive),
      max_idle_(max_idle),
      buffer_(upstream_buffer_size),
      old_(parts.alarms, [this] { drop_old(); }) {}

UpstreamPool::~UpstreamPool() = default;

std::unique_ptr<UpstreamConnection> UpstreamPool::take_idle() {
  if (idle_.empty()) return nullptr;
  std::unique_ptr<UpstreamConnection> connection = std::move(idle_.back());
  idle_.pop_back();
  connection->written_ = 0;
  return connection;
}

std::unique_ptr<UpstreamConnection> UpstreamPool::connect(std::size_t endpoint) {
  parts_.counters.upstream_connections.add();
  return std::make_unique<UpstreamConnection>(*this, endpoints_[endpoint]);
}

void UpstreamPool::give_back(std::unique_ptr<UpstreamConnection> connection) {
  connection->set_user(nullptr);
  if (max_idle_ == 0) return dispose(std::move(connection));
  connection->idle_since_ = steady_now();
  idle_.push_back(std::move(connection));
  if (idle_.size() > max_idle_) {
    dispose(std::move(idle_.front()));
    idle_.erase(idle_.begin());
  }
  old_.set(idle_.front()->idle_since_ + keep_alive_);
}

void UpstreamPool::dispose(std::unique_ptr<UpstreamConnection> connection) {
  if (!connection) return;
  connection->set_user(nullptr);
  if (connection->fd_ >= 0) ::close(std::exchange(connection->fd_, -1));
  disposed_.push_back(std::move(connection));
  if (disposed_.size() == 1) boost::asio::post(parts_.loop, [this] { disposed_.clear(); });
}

/// The upstream closes it, or says something that nobody asked for.
void UpstreamPool::idle_changed(UpstreamConnection& connection) {
  const auto found = std::find_if(idle_.begin(), idle_.end(),
                                  [&](const auto& idle) { return idle.get() == &connection; });
  if (found == idle_.end()) return;
  dispose(std::move(*found));
  idle_.erase(found);
}

void UpstreamPool::drop_old() {
  const Instant oldest = steady_now() - keep_alive_;
  while (!idle_.empty() && idle_.front()->idle_since_ <= oldest) {
    dispose(std::move(idle_.front()));
    idle_.erase(idle_.begin());
  }
  if (!idle_.empty()) old_.set(idle_.front()->idle_since_ + keep_alive_);
}

}  // namespace weir::gateway
