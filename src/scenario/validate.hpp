#pragma once

#include "scenario/model.hpp"
#include "scenario/place.hpp"

namespace weir::scenario {

/// Gives what has no name its default one, and checks what lies between the parts of a scenario
/// that was read from the document, right or wrong.
void complete_and_check(const Place& document, Scenario& scenario);

}  // namespace weir::scenario
