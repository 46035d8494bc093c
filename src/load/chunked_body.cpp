#include "load/chunked_body.hpp"

#include <algorithm>
#include <array>

#include "load/byte_classes.hpp"

namespace weir::load {
namespace {

/// The value of each hexadecimal digit; -1 for any other character.
constexpr std::array<signed char, 256> hex_values = [] {
  std::array<signed char, 256> table = {};
  table.fill(-1);
  signed char value = 0;
  for (const char digit : std::string_view("0123456789ABCDEF")) {
    table[static_cast<unsigned char>(digit)] = value;
    // The lower-case letter; a digit stays what it is.
    table[static_cast<unsigned char>(digit | ' ')] = value++;
  }
  return table;
}();

int hex_value(char c) { return hex_values[static_cast<unsigned char>(c)]; }

}  // namespace

std::size_t ChunkedBody::feed(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && state_ == State::unfinished) {
    if (step_ == Step::data) {
      used += skip_data(bytes.size() - used);
      continue;
    }
    const std::size_t taken =
        step_ == Step::first_digit ? take_plain_size_line(bytes.substr(used)) : 0;
    if (taken == 0) take(bytes[used]);
    used += std::max<std::size_t>(taken, 1);
  }
  return used;
}

std::size_t ChunkedBody::take_plain_size_line(std::string_view bytes) {
  constexpr std::size_t max_digits = 15;
  std::size_t digits = 0;
  std::uint64_t size = 0;
  for (; digits < std::min(bytes.size(), max_digits); ++digits) {
    const int digit = hex_value(bytes[digits]);
    if (digit < 0) break;
    size = size * 16 + static_cast<unsigned>(digit);
  }
  if (size == 0 || bytes.substr(digits, 2) != "\r\n") return 0;
  chunk_left_ = size;
  step_ = Step::data;
  return digits + 2;
}

std::size_t ChunkedBody::skip_data(std::size_t available) {
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, available));
  body_bytes_ += taken;
  chunk_left_ -= taken;
  if (chunk_left_ == 0) step_ = Step::data_return;
  return taken;
}

void ChunkedBody::take(char c) {
  switch (step_) {
    case Step::first_digit:
      if (hex_value(c) < 0) return fail();
      [[fallthrough]];
    case Step::size:
      return take_size(c);
    case Step::extension:
      return take_line(c, Step::size_line_feed, max_size_line_bytes);
    case Step::size_line_feed:
      line_bytes_ = 0;
      return expect('\n', c, chunk_left_ > 0 ? Step::data : Step::trailer);
    case Step::data:
      return;  // not taken one by one
    case Step::data_return:
      return expect('\r', c, Step::data_line_feed);
    case Step::data_line_feed:
      return expect('\n', c, Step::first_digit);
    case Step::trailer:
      if (c == '\r') return expect('\r', c, Step::last_line_feed);
      step_ = Step::trailer_rest;
      [[fallthrough]];
    case Step::trailer_rest:
      return take_line(c, Step::trailer_line_feed, max_trailer_bytes);
    case Step::trailer_line_feed:
      return expect('\n', c, Step::trailer);
    case Step::last_line_feed:
      state_ = c == '\n' ? State::done : State::malformed;
  }
}

void ChunkedBody::take_size(char c) {
  const int digit = hex_value(c);
  if (digit < 0) {
    // An extension begins with a semicolon; some servers fill up the line with blanks.
    if (c != ';' && c != ' ' && c != '\t' && c != '\r') return fail();
    step_ = Step::extension;
    return take_line(c, Step::size_line_feed, max_size_line_bytes);
  }
  const bool overflows = chunk_left_ >> 60 != 0;
  if (overflows || ++line_bytes_ > max_size_line_bytes) return fail();
  chunk_left_ = chunk_left_ * 16 + static_cast<unsigned>(digit);
  step_ = Step::size;
}

void ChunkedBody::take_line(char c, Step at_end, std::size_t max_bytes) {
  if (c == '\r') {
    step_ = at_end;
  } else if (is_control(c) || ++line_bytes_ > max_bytes) {
    fail();
  }
}

void ChunkedBody::expect(char expected, char c, Step next) {
  if (c != expected) return fail();
  step_ = next;
}

}  // namespace weir::load
