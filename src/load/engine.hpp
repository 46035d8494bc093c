#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/time.hpp"
#include "load/reply.hpp"
#include "load/request_template.hpp"
#include "load/run_clock.hpp"

namespace weir::load {

/// A number by which whoever sends a request knows it again.
using ExchangeId = std::uint32_t;

/// Hears what became of each request, once each.
class ReplyHandler {
 public:
  virtual ~ReplyHandler() = default;
  virtual void replied(ExchangeId exchange, const Reply& reply) = 0;
};

/// What every engine is made from; all of it outlives the engine.
struct EngineContext {
  boost::asio::io_context& loop;
  const RunClock& clock;
  const RequestTemplate& requests;
  const scenario::TargetSpec& target;
  ReplyHandler& replies;
  /// The most at once, of this thread.
  std::size_t connections = 1;
  /// Whether a request may be written again that a connection was closed under, where its method
  /// allows that.
  bool may_resend = true;
  /// Whether replies have the answers' texts; the native engine has those of heads only.
  bool keeps_answers = false;
};

/// Sends requests and reads answers on one thread's loop. Nothing is handed to the handler from
/// within send().
class Engine {
 public:
  virtual ~Engine() = default;

  /// Whether a connection is free, or may be opened.
  virtual bool can_send() const = 0;
  /// Writes a request, now; only while can_send().
  virtual void send(ExchangeId exchange, const RenderedRow& row) = 0;
  /// Begins to open connections until so many are free, so that requests need not wait for them;
  /// an engine that cannot does nothing.
  virtual void open_ahead(std::size_t connections) { static_cast<void>(connections); }
  /// Whether such a connection is not open yet.
  virtual bool is_opening() const { return false; }
  /// Ends what has taken too long; to be called every few milliseconds.
  virtual void end_overdue(Instant now) = 0;
  virtual std::uint64_t connections_opened() const = 0;
};

}  // namespace weir::load
