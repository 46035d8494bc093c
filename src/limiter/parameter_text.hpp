#pragma once

#include <string>

#include "limiter/parameters.hpp"

namespace weir::limiter {

/// A parameter's value as on the command line: what parse_parameter() reads.
std::string parameter_text(const ParameterValue& value);

}  // namespace weir::limiter
