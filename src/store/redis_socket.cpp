#include "store/redis_socket.hpp"

namespace weir::store {
namespace {

/// What hiredis keeps of us until it calls its cleanup.
using Kept = std::shared_ptr<RedisSocket>;

Kept& kept(void* data) { return *static_cast<Kept*>(data); }

}  // namespace

void RedisSocket::attach(boost::asio::io_context& loop, redisAsyncContext* context,
                         std::function<void()> gone) {
  context->ev.data = new Kept(std::make_shared<RedisSocket>(loop, context, std::move(gone)));
  context->ev.addRead = [](void* data) {
    kept(data)->wants_to_read_ = true;
    kept(data)->wait_to_read();
  };
  context->ev.delRead = [](void* data) { kept(data)->wants_to_read_ = false; };
  context->ev.addWrite = [](void* data) {
    kept(data)->wants_to_write_ = true;
    kept(data)->wait_to_write();
  };
  context->ev.delWrite = [](void* data) { kept(data)->wants_to_write_ = false; };
  context->ev.cleanup = [](void* data) {
    const Kept socket = kept(data);
    delete static_cast<Kept*>(data);
    socket->detach();
  };
}

void RedisSocket::wait_to_read() {
  if (context_ == nullptr || !wants_to_read_ || is_reading_) return;
  is_reading_ = true;
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](const boost::system::error_code&) {
                           self->is_reading_ = false;
                           if (self->context_ == nullptr || !self->wants_to_read_) return;
                           redisAsyncHandleRead(self->context_);
                           self->wait_to_read();
                         });
}

void RedisSocket::wait_to_write() {
  if (context_ == nullptr || !wants_to_write_ || is_writing_) return;
  is_writing_ = true;
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                         [self = shared_from_this()](const boost::system::error_code&) {
                           self->is_writing_ = false;
                           if (self->context_ == nullptr || !self->wants_to_write_) return;
                           redisAsyncHandleWrite(self->context_);
                           self->wait_to_write();
                         });
}

void RedisSocket::detach() {
  context_ = nullptr;
  descriptor_.release();
  gone_();
}

}  // namespace weir::store
