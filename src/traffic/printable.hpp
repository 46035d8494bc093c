#pragma once

#include <string>
#include <string_view>

namespace weir::traffic {

/// A piece of a file as messages show it: cut after 60 bytes, everything but printable ASCII as
/// \xNN, so that no file can write to a terminal or break a report's encoding.
std::string printable(std::string_view found);
/// The same in double quotes.
std::string in_quotes(std::string_view found);

}  // namespace weir::traffic
