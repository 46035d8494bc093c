#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace weir::scenario {

using Json = nlohmann::ordered_json;

/// No document may nest deeper, so that whatever walks it may recurse.
inline constexpr std::size_t deepest_nesting = 64;

/// What became of a text: its document, unless it is no JSON, and what is wrong with the text.
struct JsonText {
  std::optional<Json> document;
  Problems problems;
};

/// Reads JSON with comments. A syntax error says the line, the column and what was expected there;
/// of a key that is given twice the first value stays, and it is a problem.
JsonText read_json(std::string_view text);

/// A member's name as a token of a JSON pointer, with "~" and "/" escaped (RFC 6901).
std::string pointer_token(std::string_view name);

/// A value as it is quoted in a message: scalars as in JSON, cut short, and "an object" or
/// "an array" for the rest.
std::string show(const Json& value);

/// "/a/0/b" as its tokens, unescaped, or none if it is not a JSON pointer.
std::optional<std::vector<std::string>> pointer_tokens(std::string_view pointer);

}  // namespace weir::scenario
