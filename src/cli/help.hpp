#pragma once

#include <CLI/Formatter.hpp>
#include <string>

#include "cli/command_facts.hpp"

namespace weir::cli {

/// What --help prints: at most 80 columns wide, every line of which is about what a user types.
std::string help_text(const CommandFacts& command);

/// Makes CLI11 print help_text().
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
};

}  // namespace weir::cli
