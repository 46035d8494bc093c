#pragma once

#include <string>
#include <string_view>

#include "gateway/bound_policy.hpp"

namespace weir::gateway {

/// The policy of these limits, as JSON, bound.
BoundPolicy bound_policy(std::string_view limits);

}  // namespace weir::gateway
