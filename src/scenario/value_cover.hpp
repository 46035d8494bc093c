#pragma once

#include <functional>
#include <optional>
#include <string>

#include "traffic/spec.hpp"

namespace weir::scenario {

/// Whether the class says itself which values the attribute has: one that it is given, or "client"
/// of its clients.
bool foresees_values(const traffic::ClassSpec& spec, const std::string& attribute);

/// Where it says so, from the class on: "attributes/tier" or "clients".
std::string values_pointer(const traffic::ClassSpec& spec, const std::string& attribute);

/// The first of the values that the attribute may have in the class for which `has_row` is false,
/// or none; none, too, where the values are not foreseen. Values are asked for in order and only up
/// to the first such.
std::optional<std::string> value_without_row(
    const traffic::ClassSpec& spec, const std::string& attribute,
    const std::function<bool(const std::string&)>& has_row);

}  // namespace weir::scenario
