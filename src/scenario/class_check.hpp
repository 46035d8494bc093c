#pragma once

#include "scenario/place.hpp"
#include "traffic/spec.hpp"

namespace weir::scenario {

/// Checks what a class's attributes and costs say of each other: `of` and `by` name an attribute
/// of the class, `of` does not go round in circles, and a cost has a row for each value.
void check_class(const Place& class_place, const traffic::ClassSpec& spec);

}  // namespace weir::scenario
