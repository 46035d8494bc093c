#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace weir::http {

/// An HTTP-date in any of the three forms of RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT",
/// "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994". The two digits of the second form
/// mean the last such year that is at most 50 after that of `now`. Absent where the text is
/// anything else, where no such day exists or it is another weekday, and beyond what an Instant
/// holds.
std::optional<Instant> parse_http_date(std::string_view text, Instant now);

/// The first form, which is the one to write; parts of a second are cut off.
std::string format_http_date(Instant at);

}  // namespace weir::http
