#pragma once

#include <nlohmann/json.hpp>

namespace weir::report {

/// The JSON Schema (draft 2020-12) of reports. Every field has a description; every number a unit,
/// in the annotation "x-unit" (a ratio's is "1").
nlohmann::ordered_json report_schema();

}  // namespace weir::report
