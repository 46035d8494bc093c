#pragma once

#include <memory>
#include <string>

#include "cli/common_options.hpp"
#include "cli/serve_options.hpp"
#include "gateway/limit_gatekeeper.hpp"

namespace weir::cli {

/// What a gateway is asked to do: its options, and the scenario or the limits that they name.
struct ServeSetup {
  const ServeWords& words;
  const CommonOptions& common;
  /// Empty where --limit says it all.
  std::string scenario_path;
  gateway::Clock clock;
  std::shared_ptr<gateway::Metrics> metrics;
};

/// A scenario and the one policy of it that is served.
struct ServedScenario {
  scenario::Scenario scenario;
  policy::PolicySpec policy;
};

/// Reads the scenario; complains and gives the exit code if that cannot be served.
tl::expected<ServedScenario, int> read_served(const ServeSetup& setup);

/// What its decisions go by; states live on from `before`, which may be null. Complains and gives
/// the exit code if that cannot be.
tl::expected<std::shared_ptr<const gateway::Rules>, int> make_rules(const ServeSetup& setup,
                                                                    const ServedScenario& served,
                                                                    const gateway::Rules* before);

/// A few lines of what is served, for whoever started it.
std::string describe_rules(const gateway::Rules& rules);

}  // namespace weir::cli
