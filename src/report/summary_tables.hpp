#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/cells.hpp"

namespace weir::report {

// What a summary for people says of a report, whatever it is written in. `figures` are those of one
// policy, as in the report; a table is without rows where there is nothing to say.

struct Remark {
  std::string text;
  Style style = Style::plain;
};

/// What was run, and what keeps it from saying all that it should.
std::vector<Remark> remarks_on_run(const nlohmann::ordered_json& report, const Cells& cells);

Table thresholds_table(const nlohmann::ordered_json& report, const Cells& cells);
/// Why thresholds were not judged or have no value, each reason once.
std::vector<std::string> threshold_reasons(const nlohmann::ordered_json& report);
Table limits_table(const nlohmann::ordered_json& figures, const Cells& cells);
/// Nothing, if there is only one class.
Table classes_table(const nlohmann::ordered_json& figures, const Cells& cells);
Table costs_table(const nlohmann::ordered_json& figures, const Cells& cells);
/// The keys that were denied most often, at most so many.
Table top_denied_table(const nlohmann::ordered_json& figures, const Cells& cells, std::size_t most);
/// The policies of a report side by side.
Table policies_table(const nlohmann::ordered_json& report, const Cells& cells);

}  // namespace weir::report
