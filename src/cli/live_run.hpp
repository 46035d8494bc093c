#pragma once

#include <nlohmann/json.hpp>

#include "cli/common_options.hpp"
#include "load/load_run.hpp"
#include "metrics/outcome.hpp"
#include "scenario/model.hpp"

namespace weir::cli {

/// What a live report tells of: one limit, that of the gateway, of which only the keys are known.
struct Observed {
  scenario::Scenario scenario;
  /// Whether what clients authenticate with is among the keys' values, which then are not shown.
  bool has_credentials = false;
};
Observed observe(const scenario::Scenario& scenario, const load::LoadRun& run);

/// Runs it with its line on the terminal, until its end or Ctrl-C.
metrics::Outcome run_watched(load::LoadRun& run, const CommonOptions& options);

/// The exit code of a live run whose report was delivered; complains if nothing was answered.
int live_exit_code(const nlohmann::ordered_json& report, const metrics::Outcome& outcome);

}  // namespace weir::cli
