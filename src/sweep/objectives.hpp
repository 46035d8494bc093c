#pragma once

#include <string>
#include <vector>

#include "scenario/model.hpp"
#include "sweep/front.hpp"

namespace weir::sweep {

/// What a person trades who chooses a limit: the share of requests denied (of the class whose
/// denials the thresholds bound, if there is one, else of all) against the most that is allowed at
/// once (in any window, where the policy names a reference for all keys together, else in any
/// interval of the series). What no threshold bounds comes first: as little of it as the thresholds
/// permit.
std::vector<Objective> default_objectives(const scenario::Scenario& scenario,
                                          const std::string& policy);

/// Whether a report's field is a list with a number for each interval of the run.
bool is_series(const std::string& field);

}  // namespace weir::sweep
