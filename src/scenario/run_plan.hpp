#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/run_facts.hpp"
#include "scenario/model.hpp"
#include "traffic/plan.hpp"

namespace weir::scenario {

/// Attributes of at most so many values have totals of their own in a report.
inline constexpr std::size_t few_values = 20;

struct RunPlanOptions {
  /// Attributes that somebody reads beside the limits and the clients; or all.
  std::vector<std::string> wanted = {};
  bool all_wanted = false;
  bool skip_bad_rows = false;
};

/// Why a scenario cannot be run; problems point into it.
struct Refusal {
  /// cannot_run where a trace could not be read, else invalid_scenario.
  ErrorKind kind = ErrorKind::invalid_scenario;
  Problems problems;
};

/// Of a scenario of which a part was to be run, though it has none: `serial_reason` is the plan's.
Refusal cannot_be_cut(const std::string& serial_reason);

/// What every run of a scenario begins with, on whichever clock: its traffic, and how its time is
/// cut up. The operations are the same for each.
struct RunPlan {
  traffic::Plan traffic;
  RunFacts facts = {};
  /// Why decisions are serial, as a sentence; empty where shards can be decided side by side.
  std::string serial_reason = {};
  /// What else is wrong with the scenario as a run.
  Problems problems = {};
};

tl::expected<RunPlan, Refusal> plan_run(const Scenario& scenario, const RunPlanOptions& options);

/// What of its policies decides how a scenario's operations are drawn and told apart: scenarios
/// that agree in this, and in all but their policies, have one plan.
struct PlanNeeds {
  std::vector<std::string> partition;
  std::vector<std::string> attributes;
  auto operator<=>(const PlanNeeds&) const = default;
};
PlanNeeds plan_needs(const Scenario& scenario);

/// The hash of a scenario with those of the traces that its plan replays.
std::string resolved_sha256(const Scenario& scenario, const traffic::Plan& plan);

}  // namespace weir::scenario
