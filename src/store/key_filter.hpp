#pragma once

#include <string>

#include "store/definition.hpp"
#include "store/store.hpp"

namespace weir::store {

/// Whether the filter means that key of the limit.
bool is_meant(const KeyFilter& filter, const LimitDefinition& limit, const std::string& key);

}  // namespace weir::store
