#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/columns.hpp"
#include "limiter/limiter.hpp"
#include "metrics/accumulator.hpp"
#include "metrics/key_ledger.hpp"
#include "metrics/window_shadow.hpp"
#include "policy/key_indexer.hpp"
#include "policy/policy.hpp"
#include "traffic/plan.hpp"

namespace weir::sim {

/// The exact window beside one limit, for those of its keys that are watched.
class LimitShadow {
 public:
  LimitShadow(const policy::Limit& limit, const policy::KeyIndexer& keys, const Columns& columns);

  void decided(const policy::Charge& charge, bool allowed, bool charged, bool counts,
               metrics::LimitTotals& totals);
  /// The request that was charged at `charged_at` has cost charge.cost.
  void settled(const policy::Charge& charge, Instant charged_at, policy::Cost charged, bool counts,
               metrics::LimitTotals& totals);

 private:
  enum class Watch : std::uint8_t { unknown, yes, no };
  bool watches(policy::KeyIndex key);

  const policy::Limit& limit_;
  const policy::KeyIndexer& keys_;
  const Columns& columns_;
  std::vector<Watch> watched_;
  metrics::WindowShadow shadow_;
};

/// One limit with the keys of one lane.
struct LaneLimit {
  const policy::Limit* limit = nullptr;
  policy::KeyIndexer keys;
  std::unique_ptr<policy::KeyedLimiter> limiter;
  metrics::KeyLedger ledger;
  metrics::LimitTotals totals;
  /// Whether it holds what it admits until that has ended.
  bool holds = false;
  std::unique_ptr<LimitShadow> shadow;

  /// Makes room for keys that came up.
  void grow() {
    const std::size_t size = keys.size();
    if (size == grown) return;
    limiter->grow(size);
    ledger.grow(size);
    grown = size;
  }
  std::size_t grown = 0;
};

/// A key indexer for the values that can come up in a lane; `shard` is the lane's only one, where
/// it has but one.
policy::KeyIndexer make_key_indexer(const std::vector<std::size_t>& columns,
                                    const traffic::Plan& plan, std::optional<std::uint32_t> shard);

/// The limits of a policy for the keys that can come up in a lane.
std::vector<LaneLimit> make_lane_limits(const policy::Policy& policy, const traffic::Plan& plan,
                                        const limiter::Environment& environment,
                                        std::optional<std::uint32_t> shard);

/// Adds up what limits did to their keys, once a lane has ended.
void fold_keys(const std::vector<LaneLimit>& limits, const Columns& columns,
               metrics::Accumulator& into);

}  // namespace weir::sim
