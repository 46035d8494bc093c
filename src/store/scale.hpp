#pragma once

#include "store/definition.hpp"
#include "store/redis_options.hpp"

namespace weir::store {

/// The same policy with that share of each limit: counts of what is allowed are scaled and rounded
/// up, at least to 1 where they were above 0; rates keep their periods, unless their units are not
/// divisible, which makes the periods longer.
Definition scale(const Definition& whole, LocalShare share);

}  // namespace weir::store
