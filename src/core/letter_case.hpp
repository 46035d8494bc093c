#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace weir {

/// ASCII letters in lower case, whatever the locale; other bytes as they are.
constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

inline std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

/// Whether two texts are the same but for the case of ASCII letters.
inline bool same_in_any_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

}  // namespace weir
