#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>

namespace weir::gateway {

/// Watches the sockets of one thread, and tells of every change once (edge-triggered). To its loop
/// all of them are one descriptor, so that a socket costs no call of the system but for its bytes.
class Poller {
 public:
  class Watched {
   public:
    /// Some of EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR. May be called once more after the
    /// socket was closed, until after_batch.
    virtual void ready(std::uint32_t events) = 0;

   protected:
    ~Watched() = default;
  };

  /// Both are called around the events that have come together.
  Poller(boost::asio::io_context& loop, std::function<void()> before_batch,
         std::function<void()> after_batch);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Watches a socket until it is closed.
  bool add(int socket, Watched& watched);
  void remove(int socket);
  /// Ends watching, so that the loop can end.
  void stop() { descriptor_.close(); }

 private:
  void wait();
  /// Whether there were events.
  bool dispatch();

  boost::asio::posix::stream_descriptor descriptor_;
  std::function<void()> before_batch_;
  std::function<void()> after_batch_;
};

}  // namespace weir::gateway
