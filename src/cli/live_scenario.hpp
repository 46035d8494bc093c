#pragma once

#include <string>
#include <vector>

#include "scenario/model.hpp"

namespace weir::cli {

/// What a live report tells of: one limit, that of the gateway, of which only the keys are known.
scenario::Scenario as_observed(scenario::Scenario scenario, std::vector<std::string> key);

}  // namespace weir::cli
