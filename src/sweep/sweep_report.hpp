#pragma once

#include <nlohmann/json.hpp>

#include "sweep/run.hpp"

namespace weir::sweep {

/// The report of a sweep, as report::sweep_schema() describes it.
nlohmann::ordered_json make_sweep_report(const Sweep& sweep, const SweepOutcome& outcome);

}  // namespace weir::sweep
