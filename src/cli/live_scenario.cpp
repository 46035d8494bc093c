#include "cli/live_scenario.hpp"

#include <utility>

namespace weir::cli {

scenario::Scenario as_observed(scenario::Scenario scenario, std::vector<std::string> key) {
  policy::LimitSpec observed;
  observed.name = "target";
  observed.algorithm = "live";
  observed.key = std::move(key);
  scenario.policies.assign(1, policy::PolicySpec());
  scenario.policies[0].limits.push_back(std::move(observed));
  scenario.backend.reset();
  return scenario;
}

}  // namespace weir::cli
