#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "limiter/limiter.hpp"
#include "metrics/accumulator.hpp"
#include "metrics/key_ledger.hpp"
#include "policy/key_indexer.hpp"
#include "policy/policy.hpp"
#include "sim/decision_log.hpp"
#include "sim/recorder.hpp"
#include "traffic/plan.hpp"

namespace weir::sim {

/// One limit with the keys of one lane.
struct LaneLimit {
  const policy::Limit* limit = nullptr;
  policy::KeyIndexer keys;
  std::unique_ptr<policy::KeyedLimiter> limiter;
  metrics::KeyLedger ledger;
  metrics::LimitTotals totals;
};

/// The limits of a policy for the keys that can come up in a lane. `shard` is the lane's only one,
/// where it has but one.
std::vector<LaneLimit> make_lane_limits(const policy::Policy& policy, const traffic::Plan& plan,
                                        const limiter::Environment& environment,
                                        std::optional<std::uint32_t> shard);

/// Adds up what limits did to their keys, once a lane has ended.
void fold_keys(const std::vector<LaneLimit>& limits, const Columns& columns,
               metrics::Accumulator& into);

/// Decides the requests of one lane by one policy and records what came of them.
class PolicyRun {
 public:
  virtual ~PolicyRun() = default;
  virtual void take(const RequestBlock& block) = 0;
  /// After the last block.
  virtual void finish() = 0;
};

/// What every policy of a lane is run with.
struct PolicyRunContext {
  const policy::Policy& policy;
  const traffic::Plan& plan;
  limiter::Environment environment;
  std::optional<std::uint32_t> shard;
  RecordClock clock;
  std::size_t few_values = 20;
  metrics::Accumulator& into;
  /// Null where decisions are not logged.
  DecisionLog* log = nullptr;
};

/// The block kernel where one limit applies to everything and nobody asks for details; otherwise
/// request by request.
std::unique_ptr<PolicyRun> make_policy_run(const PolicyRunContext& context);

}  // namespace weir::sim
