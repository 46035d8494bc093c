#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace weir::report {

/// The report of a sweep as a page: the best setting, a chart for each two objectives with every
/// setting as a point and the front as a line, and all of it in tables.
std::string sweep_html(const nlohmann::ordered_json& sweep);

}  // namespace weir::report
