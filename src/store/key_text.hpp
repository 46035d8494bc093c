#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::store {

/// A value as keys have it: itself, or a digest of one that is longer than anybody's name is.
std::string kept_value(std::string_view value);

/// Adds a value to the text of a key or of a partition, after a "|" if there is one already. Bytes
/// that could be mistaken (% | { }, blanks, control characters) become %XX; long ones are
/// kept_value().
void append_key_value(std::string& text, std::string_view value, bool is_first);

/// The values that append_key_value() put together, as they are kept.
std::vector<std::string> key_values(std::string_view text);

}  // namespace weir::store
