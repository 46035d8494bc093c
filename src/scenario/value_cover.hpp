#pragma once

#include <functional>
#include <optional>
#include <string>

#include "traffic/spec.hpp"

namespace weir::scenario {

/// The first of the values that the attribute may have for which `has_row` is false, or none.
/// Values are asked for in order and only up to the first such.
std::optional<std::string> value_without_row(
    const traffic::AttributeSpec& attribute,
    const std::function<bool(const std::string&)>& has_row);

}  // namespace weir::scenario
