#include "gateway/response_reader.hpp"

#include "core/letter_case.hpp"

namespace weir::gateway {
namespace {

constexpr std::size_t max_response_head = std::size_t{256} << 10;

}  // namespace

ResponseReader::ResponseReader(bool answers_head, ResponseHead& head, BodySink& sink)
    : head_(head), sink_(sink) {
  head_.clear();
  body_limit(boost::none);
  header_limit(max_response_head);
  skip(answers_head);
}

std::optional<std::uint64_t> ResponseReader::length() const {
  const auto length = content_length();
  return length ? std::optional(*length) : std::nullopt;
}

std::size_t ResponseReader::feed(std::string_view bytes) {
  const bool in_head = state_ == State::head;
  eager(!in_head);
  Error error;
  const std::size_t used = put({bytes.data(), bytes.size()}, error);
  if (error && error != boost::beast::http::error::need_more) {
    state_ = State::bad;
  } else if (in_head && is_header_done()) {
    head_ended();
  }
  if (bytes.size() - used > max_response_head) state_ = State::bad;
  if (state_ == State::body && is_done()) state_ = State::done;
  return used;
}

void ResponseReader::end_of_stream() {
  if (state_ != State::body) return;
  Error error;
  put_eof(error);
  if (!error && is_done()) state_ = State::done;
}

void ResponseReader::head_ended() {
  state_ = is_done() ? State::done : State::body;
  const auto coding = head_.find(boost::beast::http::field::transfer_encoding);
  if (coding != head_.end() && !same_in_any_case(coding->value(), "chunked")) state_ = State::bad;
}

// ---- What the parser finds

void ResponseReader::on_response_impl(int status, Text, int version, Error& error) {
  if (status < 100 || status > 599) error = boost::beast::http::error::bad_status;
  head_.result(static_cast<unsigned>(status));
  head_.version(static_cast<unsigned>(version));
}

void ResponseReader::on_field_impl(boost::beast::http::field field, Text name, Text value, Error&) {
  if (state_ == State::head) head_.insert(field, name, value);
}

std::size_t ResponseReader::on_body_impl(Text body, Error&) {
  sink_.take_body(body);
  return body.size();
}

std::size_t ResponseReader::on_chunk_body_impl(std::uint64_t, Text body, Error&) {
  sink_.take_body(body);
  return body.size();
}

}  // namespace weir::gateway
