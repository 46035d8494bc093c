#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

// Base64, strictly: no blanks, no line ends, padding only at the end.

std::string to_base64(std::string_view bytes);

/// At most `longest` bytes, or nothing if the text is no such encoding.
std::optional<std::string> from_base64(std::string_view text, std::size_t longest);

}  // namespace weir
