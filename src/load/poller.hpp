#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>

namespace weir::load {

/// Watches the sockets of one thread. To its loop all of them are one descriptor, so that a socket
/// is registered once and not again after every event: that would be a call of the system for each
/// answer.
class Poller {
 public:
  class Watched {
   public:
    /// The socket may be read, or written. May be called once more though the socket was closed or
    /// another was opened in its place meanwhile.
    virtual void ready(bool readable, bool writable) = 0;

   protected:
    ~Watched() = default;
  };

  explicit Poller(boost::asio::io_context& loop);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Watches a socket until it is closed: for reading, and for writing as long as that is wanted.
  bool add(int socket, Watched& watched, bool for_writing);
  void change(int socket, Watched& watched, bool for_writing);

 private:
  void wait();
  void dispatch();

  boost::asio::posix::stream_descriptor descriptor_;
};

}  // namespace weir::load
