#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "metrics/probe_outcome.hpp"
#include "report/terminal_text.hpp"

namespace weir::report {

/// The report of `weir probe`, as probe_schema() describes it.
nlohmann::ordered_json make_probe_report(const metrics::ProbeOutcome& outcome);

/// Whether a report is that of a probe.
bool is_probe_report(const nlohmann::ordered_json& report);

/// What was tried, what it showed, and what follows, for a terminal.
std::string render_probe(const nlohmann::ordered_json& report, const TerminalOptions& options);

/// JSON Schema (draft 2020-12) of the report of a probe.
nlohmann::ordered_json probe_schema();

}  // namespace weir::report
