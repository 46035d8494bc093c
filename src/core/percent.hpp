#pragma once

#include <string>
#include <string_view>

namespace weir {

/// Each %XX as the byte that it stands for, and in a query "+" as a blank.
std::string percent_decoded(std::string_view text, bool is_query = false);

}  // namespace weir
