#pragma once

#include <string>

#include "policy/keyed_limiter.hpp"
#include "store/definition.hpp"

namespace weir::store {

/// What a state of one row of a limit means: the limit's name, what its keys are made of, its
/// algorithm and all parameters. States of equal identity can stand for each other.
std::string identity_of(const LimitDefinition& limit, policy::VariantIndex variant);

}  // namespace weir::store
