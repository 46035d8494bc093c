#pragma once

#include <string>

#include "limiter/parameters.hpp"

namespace weir::cli {

/// The catalogue as a list of ids and summaries, the algorithms first, then the products' dialects.
std::string list_algorithms();

/// All that the catalogue says of one entry, and a command that tries it.
std::string describe_algorithm(const limiter::AlgorithmInfo& info);

}  // namespace weir::cli
