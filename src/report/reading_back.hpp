#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/result.hpp"
#include "metrics/outcome.hpp"
#include "scenario/model.hpp"

namespace weir::report {

/// What a report was made from, as far as it shows: make_report() makes the same report of it
/// again. Of the scenario it is only what stands in reports: names, limits, thresholds.
struct Origin {
  scenario::Scenario scenario;
  metrics::Outcome outcome;
  /// Hashes stand in place of keys.
  bool has_pseudonyms = false;
};

/// Reads back a report that fits the schema; it need not be trusted in anything else. Slots of a
/// back end are not read back: what shares them is in one report.
Result<Origin> read_back(const nlohmann::ordered_json& report, const std::string& source);

}  // namespace weir::report
