#pragma once

#include <string_view>

#include "conformance/conformance_case.hpp"
#include "core/text.hpp"
#include "limiter/parameters.hpp"

namespace weir::limiter {

/// The complete parameters of a setting written as on the command line: "rate=3/s burst=5"; or a
/// sentence about what is wrong with it.
Parsed<Parameters> parameters_of(const AlgorithmInfo& info, std::string_view setting);

/// The case of that catalogue entry, or null.
const ConformanceCase* find_case(std::string_view id);

}  // namespace weir::limiter
