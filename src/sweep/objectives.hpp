#pragma once

#include <string>
#include <vector>

#include "scenario/model.hpp"
#include "sweep/front.hpp"

namespace weir::sweep {

/// What a person trades who chooses a limit: the share of requests denied (of the class whose
/// denials the thresholds bound, if there is one, else of all) against the most that is allowed in
/// any window (that of a reference for all keys together, where the policy names one, else one as
/// long as an interval of the series). What no threshold bounds comes first: as little of it as the
/// thresholds permit.
std::vector<Objective> default_objectives(const scenario::Scenario& scenario,
                                          const std::string& policy);

/// The most allowed in any window as long as an interval of the series: a field that only sweeps
/// have, of a policy with its name in front.
inline constexpr const char* peak_allowed = "peak_allowed";
bool is_peak_allowed(const std::string& field);

/// Whether a report's field is a list with a number for each interval of the run.
bool is_series(const std::string& field);

}  // namespace weir::sweep
