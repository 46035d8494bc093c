#pragma once

#include <string>
#include <string_view>

namespace weir {

/// The SHA-256 digest of bytes, in 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace weir
