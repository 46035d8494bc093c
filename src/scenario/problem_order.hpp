#pragma once

#include "core/result.hpp"
#include "scenario/json_document.hpp"

namespace weir::scenario {

/// Sorts problems by where they stand in the document, so that a reader can go through it once;
/// what is missing stands behind what its parent has. Those of one place stay in order.
void sort_by_place(Problems& problems, const Json& document);

}  // namespace weir::scenario
