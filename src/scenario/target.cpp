#include "scenario/target.hpp"

#include <algorithm>

namespace weir::scenario {
namespace {

bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_in_name(char c) { return begins_name(c) || (c >= '0' && c <= '9') || c == '.' || c == '-'; }

/// The length of {NAME} at the front of the text, or 0.
std::size_t name_length(std::string_view text) {
  if (text.size() < 3 || text[0] != '{' || !begins_name(text[1])) return 0;
  const auto end = std::find_if_not(text.begin() + 1, text.end(), is_in_name);
  return end == text.end() || *end != '}' ? 0 : static_cast<std::size_t>(end - text.begin()) + 1;
}

}  // namespace

std::vector<TemplatePart> parse_template(std::string_view text) {
  std::vector<TemplatePart> parts;
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) parts.push_back({false, std::move(literal)});
    literal.clear();
  };
  while (!text.empty()) {
    const std::size_t length = name_length(text);
    if (length == 0) {
      literal += text.front();
      text.remove_prefix(1);
      continue;
    }
    end_literal();
    parts.push_back({true, std::string(text.substr(1, length - 2))});
    text.remove_prefix(length);
  }
  end_literal();
  return parts;
}

}  // namespace weir::scenario
