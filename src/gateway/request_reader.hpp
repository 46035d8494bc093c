#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/counters.hpp"

namespace weir::gateway {

using RequestHead = boost::beast::http::request_header<>;

/// How long a request's head may be.
struct HeadLimits {
  std::size_t head = std::size_t{32} << 10;
  std::size_t target = std::size_t{8} << 10;
};

/// Takes the pieces of a body as they come, without any transfer coding.
class BodySink {
 public:
  virtual void take_body(std::string_view bytes) = 0;

 protected:
  ~BodySink() = default;
};

/// Reads one request. After its head it waits until it is fed again, with what follows.
class RequestReader final : private boost::beast::http::basic_parser<true> {
 public:
  enum class State : std::uint8_t { head, body, done, bad };

  RequestReader(const HeadLimits& limits, RequestHead& head, BodySink& sink);

  /// Reads on; returns how many bytes are used up. The others have to come again, with more.
  std::size_t feed(std::string_view bytes);

  State state() const { return state_; }
  /// Of a bad one.
  BadRequest fault() const { return fault_; }
  /// Whether method, target and version are known.
  bool has_start_line() const { return has_start_line_; }
  int version() const { return version_; }
  /// As HTTP has it by default and the header Connection says.
  bool asks_keep_alive() const { return keep_alive(); }
  bool asks_upgrade() const { return upgrade(); }
  bool is_chunked() const { return chunked(); }
  /// Of the body's bytes, where the head tells.
  std::optional<std::uint64_t> body_left() const;

 private:
  using Error = boost::beast::error_code;
  using Text = boost::beast::string_view;
  using Length = boost::optional<std::uint64_t>;

  void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version,
                       Error& error) override;
  void on_response_impl(int, Text, int, Error&) override {}
  void on_field_impl(boost::beast::http::field field, Text name, Text value, Error& error) override;
  void on_header_impl(Error& error) override;
  void on_body_init_impl(const Length&, Error&) override {}
  std::size_t on_body_impl(Text body, Error& error) override;
  void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t left, Text body, Error& error) override;
  void on_finish_impl(Error&) override {}

  void head_ended();
  /// What is wrong with a head that does not come to its end.
  void check_unfinished(std::string_view bytes);
  void fail(BadRequest fault);
  void fail_parsing(const Error& error, std::string_view bytes);

  const HeadLimits& limits_;
  RequestHead& head_;
  BodySink& sink_;
  std::size_t head_bytes_ = 0;
  int version_ = 11;
  State state_ = State::head;
  BadRequest fault_ = BadRequest::malformed;
  bool has_start_line_ = false;
};

}  // namespace weir::gateway
