#pragma once

#include <string>
#include <string_view>

namespace weir::report {

/// A text for HTML, between tags or in a quoted attribute: what could be markup is escaped, and
/// what could not be seen, or could turn the direction of writing, becomes a replacement character.
std::string html_text(std::string_view text);

}  // namespace weir::report
