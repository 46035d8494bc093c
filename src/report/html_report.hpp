#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace weir::report {

/// A report as an HTML page (see HtmlPage), made from nothing but the report.
std::string render_html(const nlohmann::ordered_json& report);

}  // namespace weir::report
