#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/cells.hpp"

namespace weir::report {

/// What a summary says of a run against a real gateway; `figures` are those of its report.

/// "load of http://... over 64 connections, by the native engine".
std::string live_title(const nlohmann::ordered_json& report, const Cells& cells);

/// Sentences on statuses, what was planned and not kept, and the audit of Retry-After.
std::vector<std::string> live_sentences(const nlohmann::ordered_json& figures, const Cells& cells);

/// Sentences on what went wrong, and what may help.
std::vector<std::string> live_warnings(const nlohmann::ordered_json& figures, const Cells& cells);

/// Latencies of the allowed and the denied, from when they were due and from when they were sent.
Table live_times_table(const nlohmann::ordered_json& figures, const Cells& cells);

}  // namespace weir::report
