#include "load/poller.hpp"

#include <sys/epoll.h>

#include <algorithm>

namespace weir::load {
namespace {

constexpr int events_at_once = 256;

epoll_event event_of(Poller::Watched& watched, bool for_writing) {
  epoll_event event = {};
  event.events = EPOLLIN | (for_writing ? EPOLLOUT : 0U);
  event.data.ptr = &watched;
  return event;
}

}  // namespace

Poller::Poller(boost::asio::io_context& loop) : descriptor_(loop, ::epoll_create1(EPOLL_CLOEXEC)) {
  wait();
}

Poller::~Poller() = default;

bool Poller::add(int socket, Watched& watched, bool for_writing) {
  epoll_event event = event_of(watched, for_writing);
  return ::epoll_ctl(descriptor_.native_handle(), EPOLL_CTL_ADD, socket, &event) == 0;
}

void Poller::change(int socket, Watched& watched, bool for_writing) {
  epoll_event event = event_of(watched, for_writing);
  ::epoll_ctl(descriptor_.native_handle(), EPOLL_CTL_MOD, socket, &event);
}

void Poller::wait() {
  using Descriptor = boost::asio::posix::stream_descriptor;
  descriptor_.async_wait(Descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    dispatch();
    wait();
  });
}

void Poller::dispatch() {
  std::array<epoll_event, events_at_once> events;
  const int count = ::epoll_wait(descriptor_.native_handle(), events.data(), events_at_once, 0);
  for (int i = 0; i < std::max(count, 0); ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const bool is_broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    static_cast<Watched*>(event.data.ptr)
        ->ready(is_broken || (event.events & EPOLLIN) != 0,
                is_broken || (event.events & EPOLLOUT) != 0);
  }
}

}  // namespace weir::load
