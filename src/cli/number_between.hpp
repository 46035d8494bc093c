#pragma once

#include <CLI/Error.hpp>
#include <CLI/Validators.hpp>

namespace weir::cli {

/// Refuses what is no number from `least` to `most`; unlike CLI::Range also what is no number at
/// all ("nan").
CLI::Validator number_between(double least, double most);

}  // namespace weir::cli
