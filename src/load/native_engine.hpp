#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "load/engine.hpp"
#include "load/poller.hpp"

namespace weir::load {

/// HTTP/1.1 without TLS: connections that are kept, each with one request at a time. Answers are
/// read into one buffer that all of them share, and only what matters of them is looked at.
class NativeEngine final : public Engine {
 public:
  NativeEngine(const EngineContext& context, boost::asio::ip::tcp::endpoint endpoint);
  ~NativeEngine() override;

  bool can_send() const override { return !idle_.empty() || can_open(); }
  void send(ExchangeId exchange, const RenderedRow& row) override;
  void open_ahead(std::size_t connections) override;
  bool is_opening() const override { return opening_ > 0; }
  void end_overdue(Instant now) override;
  std::uint64_t connections_opened() const override { return opened_; }

 private:
  class Connection;

  bool can_open() const { return connections_.size() - closed_.size() < context_.connections; }
  /// One that is closed, or a new one.
  Connection* unused_connection();

  EngineContext context_;
  boost::asio::ip::tcp::endpoint endpoint_;
  Poller poller_;
  std::vector<std::unique_ptr<Connection>> connections_;
  /// Of these, those that wait for a request, the last one used on top; and those not open.
  std::vector<Connection*> idle_;
  std::vector<Connection*> closed_;
  /// How many are being opened ahead.
  std::size_t opening_ = 0;
  /// What has just been read, by whichever connection.
  std::vector<char> buffer_;
  std::uint64_t opened_ = 0;
};

}  // namespace weir::load
