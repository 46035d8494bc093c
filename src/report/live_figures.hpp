#pragma once

#include <nlohmann/json.hpp>

#include "metrics/accumulator.hpp"

namespace weir::report {

/// Adds the sections of a policy's figures that only a run against a real gateway has, and what
/// such a run alone knows of Retry-After.
void add_live_figures(const metrics::Accumulator& accumulator, nlohmann::ordered_json& figures);

}  // namespace weir::report
