#pragma once

#include <vector>

#include "report/schema_parts.hpp"

namespace weir::report {

// What the report's schema has for runs against a real gateway.

/// Sections of a policy's figures, none of them required.
std::vector<Field> live_fields();
/// Further fields of `retry_after`, none of them required.
std::vector<Field> live_retry_after_fields();
nlohmann::ordered_json live_target();
nlohmann::ordered_json live_accumulator();

}  // namespace weir::report
