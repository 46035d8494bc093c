#pragma once

#include <hiredis/async.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

namespace weir::store {

/// Lets a hiredis connection be driven by a Boost.Asio loop. hiredis owns the descriptor and closes
/// it; this one lets go of it before.
class RedisSocket : public std::enable_shared_from_this<RedisSocket> {
 public:
  /// Attaches to a new connection; `gone` is called when hiredis has given it up, for whatever
  /// reason, and must not touch it any more.
  static void attach(boost::asio::io_context& loop, redisAsyncContext* context,
                     std::function<void()> gone);

  RedisSocket(boost::asio::io_context& loop, redisAsyncContext* context, std::function<void()> gone)
      : descriptor_(loop, context->c.fd), context_(context), gone_(std::move(gone)) {}

 private:
  void wait_to_read();
  void wait_to_write();
  void detach();

  boost::asio::posix::stream_descriptor descriptor_;
  /// Null once hiredis has given it up.
  redisAsyncContext* context_;
  std::function<void()> gone_;
  bool wants_to_read_ = false;
  bool wants_to_write_ = false;
  bool is_reading_ = false;
  bool is_writing_ = false;
};

}  // namespace weir::store
