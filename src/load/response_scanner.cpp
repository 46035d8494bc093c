#include "load/response_scanner.hpp"

#include <algorithm>

namespace weir::load {

void ResponseScanner::begin(bool answers_head) {
  answers_head_ = answers_head;
  saw_first_byte_ = false;
  keeps_alive_ = false;
  state_ = State::head;
  head_.clear();
  gathered_.clear();
  head_room_ = max_head_bytes;
  body_bytes_ = 0;
}

std::size_t ResponseScanner::feed(std::string_view bytes) {
  std::size_t used = 0;
  while (state_ == State::head && used < bytes.size()) used += feed_head(bytes.substr(used));
  if (state_ == State::body) {
    used += feed_body(bytes.substr(used));
    if (state_ == State::body) keep_head();
  }
  return used;
}

std::size_t ResponseScanner::feed_head(std::string_view bytes) {
  saw_first_byte_ = true;
  const std::size_t before = gathered_.size();
  bytes = bytes.substr(0, head_room_ - before);
  if (before > 0) gathered_ += bytes;
  const std::string_view text = before > 0 ? gathered_ : bytes;
  switch (head_.read(text, wants_)) {
    case ResponseHead::State::malformed:
      state_ = State::malformed;
      return bytes.size();
    case ResponseHead::State::unfinished:
      if (text.size() == head_room_) state_ = State::malformed;
      if (before == 0) gathered_ = bytes;
      return bytes.size();
    case ResponseHead::State::finished:
      break;
  }
  in_place_ = bytes.data();
  const std::size_t used = head_.size() - before;
  end_head();
  return used;
}

void ResponseScanner::end_head() {
  if (head_.status() >= 200) return begin_body();
  // Nobody asked for another protocol.
  if (head_.status() == 101) state_ = State::malformed;
  head_room_ -= head_.size();
  head_.clear();
  gathered_.clear();
}

void ResponseScanner::begin_body() {
  const auto length = head_.framing().content_length();
  const bool has_no_body = answers_head_ || head_.status() == 204 || head_.status() == 304;
  keeps_alive_ = head_.keeps_alive();
  state_ = State::body;
  body_left_ = length.value_or(0);
  if (has_no_body) {
    state_ = State::done;
  } else if (head_.framing().chunked()) {
    body_end_ = BodyEnd::last_chunk;
    chunks_ = {};
  } else if (length) {
    body_end_ = BodyEnd::length;
  } else {
    body_end_ = BodyEnd::close;
    keeps_alive_ = false;
  }
}

std::size_t ResponseScanner::feed_body(std::string_view bytes) {
  if (body_end_ == BodyEnd::last_chunk) return feed_chunks(bytes);
  std::size_t taken = bytes.size();
  if (body_end_ == BodyEnd::length) {
    taken = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, taken));
    body_left_ -= taken;
    if (body_left_ == 0) state_ = State::done;
  }
  body_bytes_ += taken;
  return taken;
}

std::size_t ResponseScanner::feed_chunks(std::string_view bytes) {
  const std::size_t taken = chunks_.feed(bytes);
  body_bytes_ = chunks_.body_bytes();
  if (chunks_.state() == ChunkedBody::State::done) state_ = State::done;
  if (chunks_.state() == ChunkedBody::State::malformed) state_ = State::malformed;
  return taken;
}

void ResponseScanner::keep_head() {
  if (head_.header_count() == 0 || !gathered_.empty()) return;
  gathered_.assign(in_place_, head_.size());
}

ResponseScanner::State ResponseScanner::end_of_stream() {
  if (state_ == State::body && body_end_ == BodyEnd::close) {
    state_ = State::done;
  } else if (state_ == State::head || state_ == State::body) {
    state_ = State::closed_early;
  }
  return state_;
}

}  // namespace weir::load
