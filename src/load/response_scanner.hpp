#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "load/chunked_body.hpp"
#include "load/response_head.hpp"

namespace weir::load {

/// Reads one HTTP/1.0 or 1.1 response after another from the bytes of a connection, as cheaply as
/// can be: a head that comes in one piece is read where it lies, of its headers only those are
/// handed out that the caller wants, and a body is counted, not kept. Memory is taken for the first
/// responses and used again for all others.
///
/// Lines end with CR LF (a bare LF is malformed, as it is to Boost.Beast). Interim responses (1xx)
/// are passed over. A prefix of a response is malformed or not however it is cut into pieces.
class ResponseScanner {
 public:
  enum class State {
    head,
    body,
    done,
    malformed,
    /// The peer closed the connection before the response's end.
    closed_early,
  };

  /// How long a head may be, together with those of the interim responses before it.
  static constexpr std::size_t max_head_bytes = std::size_t{256} << 10;

  explicit ResponseScanner(WantsHeader wants) : wants_(wants) {}

  /// A new response follows. One to a HEAD request has no body, whatever its head says.
  void begin(bool answers_head);

  /// Reads on, at most to the end of the response; returns how many bytes that was. What comes
  /// after State::done is not taken.
  std::size_t feed(std::string_view bytes);

  /// The peer closed the connection, which is the end of a body without a length.
  State end_of_stream();

  State state() const { return state_; }
  /// Whether anything came since begin(). A connection that was kept alive and is closed before can
  /// have been closed before the request arrived.
  bool saw_first_byte() const { return saw_first_byte_; }

  /// The status and the headers are there from State::body on.
  int status() const { return head_.status(); }
  /// The headers that were wanted, in order. Not among them are those that the scanner itself
  /// reads: Content-Length, Transfer-Encoding, Connection and Proxy-Connection. They may lie in the
  /// bytes that were given to feed() last and are valid as long as those, and until begin().
  std::size_t header_count() const { return head_.header_count(); }
  Header header(std::size_t index) const { return head_.header(index, head_begin()); }

  /// Whether the connection can take another request; false before State::done.
  bool keeps_alive() const { return state_ == State::done && keeps_alive_; }
  /// Of the body without its chunked coding, so far.
  std::uint64_t body_bytes() const { return body_bytes_; }

 private:
  /// How the end of the body is known.
  enum class BodyEnd { length, last_chunk, close };

  const char* head_begin() const { return gathered_.empty() ? in_place_ : gathered_.data(); }
  std::size_t feed_head(std::string_view bytes);
  void end_head();
  void begin_body();
  std::size_t feed_body(std::string_view bytes);
  std::size_t feed_chunks(std::string_view bytes);
  /// Saves the headers from the bytes of the next feed().
  void keep_head();

  WantsHeader wants_;
  bool answers_head_ = false;
  bool saw_first_byte_ = false;
  bool keeps_alive_ = false;
  State state_ = State::head;

  ResponseHead head_;
  /// Where it lies if it came in one piece, and what has come of it so far if not.
  const char* in_place_ = nullptr;
  std::string gathered_;
  /// How long the head may be.
  std::size_t head_room_ = max_head_bytes;

  BodyEnd body_end_ = BodyEnd::length;
  std::uint64_t body_left_ = 0;
  std::uint64_t body_bytes_ = 0;
  ChunkedBody chunks_;
};

}  // namespace weir::load
