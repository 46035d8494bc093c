#pragma once

#include <nlohmann/json.hpp>

namespace weir::report {

/// The JSON Schema (draft 2020-12) of the reports of sweeps.
nlohmann::ordered_json sweep_schema();

}  // namespace weir::report
