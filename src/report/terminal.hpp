#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "report/terminal_text.hpp"

namespace weir::report {

/// A report as a person reads it at a terminal: lines of at most the given width, each ended by a
/// line break. Names that came from files are made harmless.
std::string render_terminal(const nlohmann::ordered_json& report, const TerminalOptions& options);

}  // namespace weir::report
