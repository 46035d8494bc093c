#pragma once

#include <string>
#include <vector>

#include "store/definition.hpp"
#include "store/store.hpp"

namespace weir::store {

/// Limits as on the command line, without a key: "fixed-window limit=5 window=20s". They are called
/// limit-1, limit-2, ... and are all by the attribute user, which is the partition.
Definition definition_of(const std::vector<std::string>& limits);

/// A request of that user for all limits, of that cost to each.
Ask ask_of(const Definition& definition, Instant now, const std::string& user, policy::Cost cost);

}  // namespace weir::store
