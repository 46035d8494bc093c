#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "metrics/outcome.hpp"
#include "scenario/model.hpp"

namespace weir::report {

struct ReportOptions {
  /// Stand hashes in place of keys, everywhere in the report (see Names).
  bool pseudonyms = false;
};

/// The report of a run, as report_schema() describes it: a pure function of what is given.
nlohmann::ordered_json make_report(const scenario::Scenario& scenario,
                                   const metrics::Outcome& outcome, const ReportOptions& options);

/// What a report's file is called, without an ending: NAME, or NAME.shard-1-of-4.
std::string file_stem(const nlohmann::ordered_json& report);

/// A report as text for a file: indented by two blanks, but arrays of numbers, and the rows of an
/// array, on a line each, so that a changed number is a changed line; ends with a line break.
std::string to_text(const nlohmann::ordered_json& report);

}  // namespace weir::report
