#pragma once

#include <string>
#include <vector>

#include "scenario/model.hpp"

namespace weir::load {

/// The attributes whose values are credentials, which no report may show: they stand in a header
/// that carries such (Authorization, X-Api-Key, ...), and the scenario has them from a file, a
/// trace or its own words, where it does not make them up ("user-5").
std::vector<std::string> credential_attributes(const scenario::Scenario& scenario);

}  // namespace weir::load
