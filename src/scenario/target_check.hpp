#pragma once

#include "scenario/model.hpp"
#include "scenario/place.hpp"

namespace weir::scenario {

/// Reports what the target names that no request of the traffic has.
void check_target(const Place& document, const Scenario& scenario);

}  // namespace weir::scenario
