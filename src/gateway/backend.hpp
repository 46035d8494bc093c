#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/beast/http/fields.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "gateway/request_reader.hpp"

namespace weir::gateway {

/// How an answer begins.
struct AnswerHead {
  int status = 200;
  /// Header lines, each with its line end, but none about the length of the body or the connection.
  std::string_view lines;
  /// Of the body, if that is known.
  std::optional<std::uint64_t> length;
  bool has_date = false;
  /// The same headers, where the backend has them so.
  const boost::beast::http::fields* fields = nullptr;
};

/// Who waits for an answer: a request that is admitted, and its client.
class Asker {
 public:
  virtual const RequestHead& head() const = 0;
  /// The whole body, if the backend needed it.
  virtual std::string_view body() const = 0;
  /// Whether there is one, where it comes in pieces; its length if the client told.
  virtual bool has_body() const = 0;
  virtual std::optional<std::uint64_t> body_length() const = 0;
  virtual std::optional<boost::asio::ip::address> peer() const = 0;
  /// Whether somebody wants to read the answer that the client gets.
  virtual bool answer_is_read() const = 0;

  /// The whole answer at once. Its head is complete but for Date and Connection, without the empty
  /// line.
  virtual void answer(int status, std::string_view prepared_head, std::string_view body) = 0;

  /// The answer in pieces. Neither keeps the bytes that it is given.
  virtual void begin(const AnswerHead& head) = 0;
  virtual void go_on(std::string_view bytes) = 0;
  virtual void end() = 0;
  /// The answer that has begun has no end.
  virtual void break_off() = 0;
  /// An interim answer, of the client's version if it knows such.
  virtual void inform(int status, std::string_view lines) = 0;
  /// From here on bytes are passed both ways, after such an answer.
  virtual void begin_tunnel(const AnswerHead& head) = 0;

  /// The backend was overloaded, or not there: for the Gatekeeper.
  virtual void mark_dropped() = 0;
  /// Whether so much waits to be written that the backend should wait too.
  virtual bool is_full() const = 0;
  /// The backend can take more of the body again.
  virtual void wants_body() = 0;

 protected:
  ~Asker() = default;
};

/// An answer in the making. Ends by the Asker's end(), answer() or break_off(), and is then not
/// called any more; goes when the client has left.
class Answering {
 public:
  virtual ~Answering() = default;
  /// A piece of the request's body, and that it has ended. Only where the backend wants pieces.
  virtual void take_body(std::string_view) {}
  virtual void body_ended() {}
  /// Whether more of the body may come.
  virtual bool has_room() const { return true; }
  /// The client has taken what waited.
  virtual void client_took() {}
};

/// What becomes of a request's body before and while it is answered.
enum class BodyUse : std::uint8_t {
  /// Read to its end before, and dropped.
  discard,
  /// Read to its end before, and kept.
  gather,
  /// Passed on as it comes.
  pass,
};

/// Where the answers to admitted requests come from, for one thread.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual BodyUse body_use(const RequestHead& head) const = 0;
  /// Whether it passes on requests to change the protocol, and then bytes both ways.
  virtual bool takes_upgrades() const { return false; }
  /// Answers; null if it has done so when this returns.
  virtual std::unique_ptr<Answering> start(Asker& asker) = 0;
};

}  // namespace weir::gateway
