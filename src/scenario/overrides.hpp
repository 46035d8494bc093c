#pragma once

#include "scenario/model.hpp"
#include "scenario/place.hpp"

namespace weir::scenario {

/// Puts the overrides into the document, one after the other; reports those that cannot be.
void apply_overrides(Json& document, const std::vector<Override>& overrides, Reading& reading);

}  // namespace weir::scenario
