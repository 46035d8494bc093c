#include "load/message_framing.hpp"

#include <algorithm>
#include <limits>

#include "http/header_text.hpp"
#include "load/byte_classes.hpp"

namespace weir::load {
namespace {

/// Hands out the elements of a list with commas, empty ones too, until one is refused.
template <class Take>
bool each_element(std::string_view list, Take take) {
  for (;;) {
    const std::size_t comma = list.find(',');
    if (!take(http::without_blanks(list.substr(0, comma)))) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

bool is_whole_token(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_token);
}

std::optional<std::uint64_t> digits_to_number(std::string_view digits) {
  constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
  if (digits.empty()) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (number > (highest - digit) / 10) return std::nullopt;
    number = number * 10 + digit;
  }
  return number;
}

}  // namespace

bool MessageFraming::add_content_length(std::string_view value) {
  // Proxies that join equal headers make a list of them.
  return each_element(value, [this](std::string_view element) {
    const auto length = digits_to_number(element);
    if (!length || (content_length_ && *content_length_ != *length)) return false;
    content_length_ = length;
    return true;
  });
}

bool MessageFraming::add_transfer_encoding(std::string_view value) {
  has_transfer_encoding_ = true;
  return each_element(value, [this](std::string_view coding) {
    // No coding that is registered has parameters, and none may follow "chunked", not even itself.
    if (!is_whole_token(coding)) return false;
    if (coding.empty()) return true;
    if (chunked_) return false;
    chunked_ = http::is_word(coding, "chunked");
    return true;
  });
}

bool MessageFraming::add_connection(std::string_view value) {
  return each_element(value, [this](std::string_view option) {
    closes_ = closes_ || http::is_word(option, "close");
    stays_ = stays_ || http::is_word(option, "keep-alive");
    return is_whole_token(option);
  });
}

bool MessageFraming::keeps_alive(bool http_1_0) const {
  if (closes_) return false;
  // Whoever says two lengths may mean either, and HTTP/1.0 knows no transfer codings: what follows
  // on the connection cannot be relied on.
  if (has_transfer_encoding_ && http_1_0) return false;
  if (chunked_ && content_length_) return false;
  return stays_ || !http_1_0;
}

}  // namespace weir::load
