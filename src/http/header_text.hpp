#pragma once

#include <cstddef>
#include <string_view>

namespace weir::http {

/// Whether a text without control characters is, in any letter case, this word of lower-case
/// letters and hyphens.
inline bool is_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  // The bit makes lower-case letters of capitals, and letters or hyphens of nothing else but
  // control characters. A loop with one way out lets a compiler that knows the word compare many
  // bytes at once.
  int differences = 0;
  for (std::size_t i = 0; i < word.size(); ++i) differences |= (text[i] | ' ') ^ word[i];
  return differences == 0;
}

/// Without the blanks and tabs at both ends.
inline std::string_view without_blanks(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace weir::http
