#pragma once

#include "limiter/parameters.hpp"
#include "policy/spec.hpp"
#include "scenario/place.hpp"

namespace weir::scenario {

/// Whether the limit's parameters, each right by itself, go together: for every combination of its
/// tables' rows. Reports those that do not.
bool check_parameters_together(const Place& limit_place, const limiter::AlgorithmInfo& info,
                               const policy::LimitSpec& limit);

}  // namespace weir::scenario
