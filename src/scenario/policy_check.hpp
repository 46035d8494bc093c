#pragma once

#include "scenario/model.hpp"
#include "scenario/place.hpp"

namespace weir::scenario {

/// Checks what the limits, the back end and the fairness say of the traffic: the attributes and
/// costs that they name are there, and tables have a row for each value that can be foreseen.
void check_policies(const Place& document, const Scenario& scenario);

/// The place of a policy of the scenario.
Place policy_place(const Place& document, const policy::PolicySpec& policy);

}  // namespace weir::scenario
