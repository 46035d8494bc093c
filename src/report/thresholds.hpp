#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "core/result.hpp"
#include "scenario/model.hpp"

namespace weir::report {

/// The report's `thresholds`: a row {expression, value, ok} for each, judged by the fields of
/// `report`; where the value is missing or null the threshold fails, and a `reason` says why. One
/// of what only live runs have is not judged by the report of a simulation.
nlohmann::ordered_json evaluate_thresholds(const std::vector<scenario::Threshold>& thresholds,
                                           const nlohmann::ordered_json& report);

/// Whether every threshold names a number of the report that a run of this scenario will have, or
/// all problems (pointers "/thresholds/0", ...). Names that only the traffic brings, like those of
/// a trace's columns and of keys, are taken on trust. `live`: it is to be run against a real
/// gateway.
tl::expected<void, Problems> check_threshold_paths(const scenario::Scenario& scenario,
                                                   bool live = false);

}  // namespace weir::report
