#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/shard.hpp"
#include "metrics/outcome.hpp"
#include "policy/policy.hpp"
#include "scenario/model.hpp"
#include "scenario/run_plan.hpp"
#include "sim/run_control.hpp"
#include "traffic/plan.hpp"

namespace weir::sim {

struct SimulateOptions {
  /// How many threads share the logical shards; 0 is one a processor.
  unsigned threads = 0;
  /// Where every decision is logged; empty for nowhere. A log is written by one thread.
  std::string decisions_path = {};
  /// The only policy to run, by name; empty for all. The traffic stays that of all.
  std::string policy = {};
  bool skip_bad_rows = false;
  /// The part of the run to simulate; all of it if there is none.
  std::optional<Shard> shard = {};
  /// Changes speed, never results.
  std::size_t block_rows = 1024;
  /// Whether to tell how much was allowed in each part of the series' intervals, which a sweep
  /// looks for the fullest window in: see Simulation::series_parts().
  bool tells_parts = false;
};

/// A scenario made ready: traces read, traffic planned, policies bound.
class Simulation {
 public:
  static tl::expected<Simulation, scenario::Refusal> prepare(const scenario::Scenario& scenario,
                                                             const SimulateOptions& options);

  /// Runs these policies from now on, over the same operations. They are of scenarios that have the
  /// same plan: see scenario::plan_needs(). Problems point into their own scenario.
  tl::expected<void, Problems> set_policies(const std::vector<policy::PolicySpec>& specs);

  /// Runs it. Two runs of one scenario give equal outcomes, whatever the options, unless stopped.
  Result<metrics::Outcome> run(RunControl& control) const;

  /// Why decisions are serial, as a sentence; empty where shards can be decided side by side.
  const std::string& serial_reason() const { return run_.serial_reason; }
  /// What somebody who reads the report should know beforehand, a sentence each.
  const std::vector<std::string>& notes() const { return notes_; }
  const traffic::Plan& plan() const { return run_.traffic; }
  const RunFacts& facts() const { return run_.facts; }
  /// Into how many parts each interval of the series is cut, if that is asked for: the fewer the
  /// longer the series is.
  std::size_t series_parts() const;

 private:
  Simulation(scenario::RunPlan run, const scenario::Scenario& scenario, SimulateOptions options);

  scenario::RunPlan run_;
  SimulateOptions options_;
  std::vector<policy::Policy> policies_;
  std::optional<traffic::BackendSpec> backend_;
  std::vector<std::string> fairness_by_;
  /// By policy: the columns that say whom fairness is between.
  std::vector<std::vector<std::size_t>> fairness_;
  limiter::Environment environment_;
  std::vector<std::string> notes_;

  friend class LaneRunner;
};

}  // namespace weir::sim
