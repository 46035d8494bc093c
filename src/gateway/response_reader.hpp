#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/request_reader.hpp"

namespace weir::gateway {

using ResponseHead = boost::beast::http::response_header<>;

/// Reads one response of an upstream. After its head it waits until it is fed again, with what
/// follows.
class ResponseReader final : private boost::beast::http::basic_parser<false> {
 public:
  enum class State : std::uint8_t { head, body, done, bad };

  ResponseReader(bool answers_head, ResponseHead& head, BodySink& sink);

  /// Reads on; returns how many bytes are used up. The others have to come again, with more.
  std::size_t feed(std::string_view bytes);
  /// The upstream has closed the connection.
  void end_of_stream();

  State state() const { return state_; }
  bool has_first_byte() const { return got_some(); }
  /// Whether the connection can be used again.
  bool keeps_alive() const { return state_ == State::done && keep_alive(); }
  /// As the header says, whether a body follows or not.
  std::optional<std::uint64_t> length() const;

 private:
  using Error = boost::beast::error_code;
  using Text = boost::beast::string_view;
  using Length = boost::optional<std::uint64_t>;

  void on_request_impl(boost::beast::http::verb, Text, Text, int, Error&) override {}
  void on_response_impl(int status, Text reason, int version, Error& error) override;
  void on_field_impl(boost::beast::http::field field, Text name, Text value, Error& error) override;
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const Length&, Error&) override {}
  std::size_t on_body_impl(Text body, Error& error) override;
  void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t left, Text body, Error& error) override;
  void on_finish_impl(Error&) override {}

  void head_ended();

  ResponseHead& head_;
  BodySink& sink_;
  State state_ = State::head;
};

}  // namespace weir::gateway
