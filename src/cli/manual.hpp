#pragma once

#include <string>

#include "cli/command_facts.hpp"

namespace weir::cli {

/// The name of a command's page: "weir-report-render".
std::string manual_page_name(const CommandFacts& command);

/// The manual page of a command, for section 1, in the macros of man(7). `program` is the command
/// that it is part of, whose others are referred to.
std::string manual_page(const CommandFacts& command, const CommandFacts& program);

}  // namespace weir::cli
