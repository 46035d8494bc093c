#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "gateway/bound_policy.hpp"
#include "gateway/identify.hpp"
#include "scenario/target.hpp"

namespace weir::gateway {

/// Where everything that a policy reads is found: as `given` by name, else as the scenario's target
/// identifies it, else where the target's headers, path or query show it, else attributes in the
/// header X-NAME. Problems name what cannot be found like that: costs. Nobody but the answer tells
/// what is charged when it is known.
tl::expected<Identifier::Places, Problems> find_places(
    const BoundPolicy& policy, const scenario::TargetSpec* target,
    const std::map<std::string, scenario::Identification>& given);

}  // namespace weir::gateway
