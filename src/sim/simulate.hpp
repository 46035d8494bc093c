#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"
#include "metrics/outcome.hpp"
#include "policy/policy.hpp"
#include "scenario/model.hpp"
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
  /// Changes speed, never results.
  std::size_t block_rows = 1024;
};

/// Why a scenario cannot be run; problems point into it.
struct Refusal {
  /// cannot_run where a trace could not be read, else invalid_scenario.
  ErrorKind kind = ErrorKind::invalid_scenario;
  Problems problems;
};

/// A scenario made ready: traces read, traffic planned, policies bound.
class Simulation {
 public:
  static tl::expected<Simulation, Refusal> prepare(const scenario::Scenario& scenario,
                                                   const SimulateOptions& options);

  /// Runs it. Two runs of one scenario give equal outcomes, whatever the options, unless stopped.
  Result<metrics::Outcome> run(RunControl& control) const;

  /// Why decisions are serial, as a sentence; empty where shards can be decided side by side.
  const std::string& serial_reason() const { return serial_reason_; }
  /// What somebody who reads the report should know beforehand, a sentence each.
  const std::vector<std::string>& notes() const { return notes_; }
  const traffic::Plan& plan() const { return plan_; }

 private:
  Simulation(traffic::Plan plan, SimulateOptions options)
      : plan_(std::move(plan)), options_(std::move(options)) {}

  traffic::Plan plan_;
  SimulateOptions options_;
  std::vector<policy::Policy> policies_;
  std::optional<traffic::BackendSpec> backend_;
  /// By policy: the columns that say whom fairness is between.
  std::vector<std::vector<std::size_t>> fairness_;
  limiter::Environment environment_;
  Duration series_interval_;
  std::string scenario_sha256_;
  std::string serial_reason_;
  std::vector<std::string> notes_;

  friend class LaneRunner;
};

}  // namespace weir::sim
