#include "store/key_text.hpp"

#include "core/percent.hpp"
#include "core/sha256.hpp"

namespace weir::store {
namespace {

constexpr std::size_t longest_kept = 200;

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > ' ' && byte != 0x7f && c != '%' && c != '|' && c != '{' && c != '}';
}

}  // namespace

std::string kept_value(std::string_view value) {
  if (value.size() <= longest_kept) return std::string(value);
  return "sha256:" + sha256_hex(value);
}

void append_key_value(std::string& text, std::string_view value, bool is_first) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  if (!is_first) text += '|';
  // Its digest is plain.
  if (value.size() > longest_kept) {
    text += kept_value(value);
    return;
  }
  for (const char c : value) {
    if (is_plain(c)) {
      text += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    text += '%';
    text += digits[byte >> 4];
    text += digits[byte & 15U];
  }
}

std::vector<std::string> key_values(std::string_view text) {
  std::vector<std::string> values;
  for (;;) {
    const std::size_t bar = text.find('|');
    values.push_back(percent_decoded(text.substr(0, bar)));
    if (bar == std::string_view::npos) return values;
    text.remove_prefix(bar + 1);
  }
}

}  // namespace weir::store
