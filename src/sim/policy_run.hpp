#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "limiter/limiter.hpp"
#include "metrics/accumulator.hpp"
#include "metrics/recorder.hpp"
#include "policy/policy.hpp"
#include "sim/decision_log.hpp"
#include "sim/run_control.hpp"
#include "traffic/plan.hpp"
#include "traffic/spec.hpp"

namespace weir::sim {

/// Decides the requests of one lane by one policy and records what came of them.
class PolicyRun {
 public:
  virtual ~PolicyRun() = default;
  virtual void take(const RequestBlock& block) = 0;
  /// Does what happens by itself before an instant, where anything does; no block comes before it.
  virtual void advance(Instant) {}
  /// After the last block.
  virtual void finish() = 0;
  /// How many operations came up that stood in no block.
  virtual std::uint64_t generated() const { return 0; }
};

/// What every policy of a lane is run with.
struct PolicyRunContext {
  const policy::Policy& policy;
  const traffic::Plan& plan;
  limiter::Environment environment;
  std::optional<std::uint32_t> shard;
  metrics::RecordClock clock;
  std::size_t few_values = 20;
  metrics::Accumulator& into;
  /// Null where decisions are not logged.
  DecisionLog* log = nullptr;
  /// Null where requests are served in no time.
  const traffic::BackendSpec* backend = nullptr;
  /// The columns whose values together are those that fairness is between; none: not asked.
  std::vector<std::size_t> fairness;
  RunControl* control = nullptr;
};

/// The block kernel where one limit applies to everything, requests are over once they are decided,
/// and nobody asks for details; otherwise event by event.
std::unique_ptr<PolicyRun> make_policy_run(const PolicyRunContext& context);

}  // namespace weir::sim
