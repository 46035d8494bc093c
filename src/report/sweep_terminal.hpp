#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "report/table.hpp"
#include "report/terminal_text.hpp"

namespace weir::report {

/// Which settings a table of a sweep shows.
enum class SweepRows { all, front };

/// A row a setting: what varies, allowed and denied, thresholds' and objectives' fields, whether it
/// passes and whether it is in the front.
Table sweep_table(const nlohmann::ordered_json& sweep, SweepRows rows,
                  const TerminalOptions& options);

/// The report of a sweep for a terminal: a table, of the front alone where there are very many
/// settings, and the best setting in one sentence, last.
std::string render_sweep(const nlohmann::ordered_json& sweep, const TerminalOptions& options);

}  // namespace weir::report
