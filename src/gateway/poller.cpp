#include "gateway/poller.hpp"

#include <sys/epoll.h>

#include <array>
#include <utility>

namespace weir::gateway {
namespace {

constexpr int events_in_batch = 256;
/// So many times events are looked for before the loop has its turn.
constexpr int batches_at_once = 8;

}  // namespace

Poller::Poller(boost::asio::io_context& loop, std::function<void()> before_batch,
               std::function<void()> after_batch)
    : descriptor_(loop, ::epoll_create1(EPOLL_CLOEXEC)),
      before_batch_(std::move(before_batch)),
      after_batch_(std::move(after_batch)) {
  wait();
}

Poller::~Poller() = default;

bool Poller::add(int socket, Watched& watched) {
  epoll_event event = {};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &watched;
  return ::epoll_ctl(descriptor_.native_handle(), EPOLL_CTL_ADD, socket, &event) == 0;
}

void Poller::remove(int socket) {
  epoll_event event = {};
  ::epoll_ctl(descriptor_.native_handle(), EPOLL_CTL_DEL, socket, &event);
}

void Poller::wait() {
  using Descriptor = boost::asio::posix::stream_descriptor;
  descriptor_.async_wait(Descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    for (int i = 0; i < batches_at_once && dispatch(); ++i) {
    }
    if (descriptor_.is_open()) wait();
  });
}

bool Poller::dispatch() {
  if (!descriptor_.is_open()) return false;
  std::array<epoll_event, events_in_batch> events;
  const int count = ::epoll_wait(descriptor_.native_handle(), events.data(), events_in_batch, 0);
  if (count <= 0) return false;
  before_batch_();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    static_cast<Watched*>(event.data.ptr)->ready(event.events);
  }
  after_batch_();
  return true;
}

}  // namespace weir::gateway
