#pragma once

#include <CLI/App.hpp>
#include <string>

namespace weir::cli {

/// What was wrong on a command line that CLI11 refused, in one sentence that names the word and the
/// nearest known one, and where help is.
std::string usage_error(const CLI::App& program, const CLI::ParseError& error);

}  // namespace weir::cli
