#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::report {

/// A code point and how many bytes of the text it takes; U+FFFD and 1 for a byte that is not part
/// of valid UTF-8.
struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
};

/// The code point at the start of `text`, which must not be empty.
CodePoint first_code_point(std::string_view text);

void append_utf8(std::string& text, char32_t code_point);

/// The text with U+FFFD in place of every byte that is not part of valid UTF-8.
std::string valid_utf8(std::string_view text);

}  // namespace weir::report
