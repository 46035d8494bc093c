#pragma once

#include <string_view>

namespace weir::report {

// What an HTML page is made with, embedded when weir is built: src/report/assets/ and Chart.js.

extern const std::string_view page_style;
extern const std::string_view page_script;
/// With its licence in its first lines.
extern const std::string_view chart_library;

}  // namespace weir::report
