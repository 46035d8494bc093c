#include "sim/policy_run.hpp"

#include <algorithm>
#include <queue>

#include "sim/joint_decision.hpp"

namespace weir::sim {

std::vector<LaneLimit> make_lane_limits(const policy::Policy& policy, const traffic::Plan& plan,
                                        const limiter::Environment& environment,
                                        std::optional<std::uint32_t> shard) {
  std::vector<LaneLimit> limits;
  for (const policy::Limit& limit : policy.limits) {
    std::vector<policy::KeyIndexer::Range> ranges;
    for (const std::size_t column : limit.state_key) {
      const auto all = static_cast<ValueId>(plan.columns().dictionaries[column].size());
      ranges.push_back(shard ? plan.values_in_shard(column, *shard)
                             : policy::KeyIndexer::Range{0, all});
    }
    policy::KeyIndexer keys(limit.state_key, std::move(ranges));
    const std::size_t count = keys.size();
    std::unique_ptr<policy::KeyedLimiter> limiter = policy::make_limiter(limit, environment);
    limiter->reset(count);
    limits.push_back({&limit, std::move(keys), std::move(limiter), metrics::KeyLedger(count), {}});
  }
  return limits;
}

namespace {

// Those denied most, of which no more than may be kept need their names.
void add_top_denied(const LaneLimit& l, std::uint32_t index, const Columns& columns,
                    metrics::Accumulator& into) {
  const auto& denials = l.ledger.denials();
  constexpr std::size_t kept = metrics::Accumulator::top_denied_kept;
  std::uint64_t least = 1;
  if (denials.size() > kept) {
    std::vector<std::uint64_t> counts;
    for (const auto& d : denials) counts.push_back(d.denied);
    std::nth_element(counts.begin(), counts.begin() + kept - 1, counts.end(), std::greater<>());
    least = counts[kept - 1];
  }
  for (const auto& d : denials) {
    if (d.denied < least) continue;
    into.top_denied.push_back({.key = l.keys.name(d.key, columns, l.limit->key.size()),
                               .limit = index,
                               .denied = d.denied,
                               .longest_block_ns = d.longest_ns});
  }
  metrics::keep_top_denied(into.top_denied);
}

}  // namespace

void fold_keys(const std::vector<LaneLimit>& limits, const Columns& columns,
               metrics::Accumulator& into) {
  into.limits.resize(limits.size());
  for (std::uint32_t i = 0; i < limits.size(); ++i) {
    const LaneLimit& l = limits[i];
    metrics::LimitTotals& totals = into.limits[i];
    totals.allowed += l.totals.allowed;
    totals.denied += l.totals.denied;
    for (std::uint32_t key = 0; key < l.ledger.size(); ++key) {
      if (!l.ledger.was_seen(key)) continue;
      ++totals.keys;
      totals.state_bytes += l.limiter->state_bytes(key);
    }
    if (!l.limit->spec.enforce) continue;
    into.denied_keys += l.ledger.denials().size();
    add_top_denied(l, i, columns, into);
  }
}

namespace {

std::size_t first_counted(const RequestBlock& block, Instant counted_from) {
  if (block.at.front() >= counted_from) return 0;
  return static_cast<std::size_t>(std::lower_bound(block.at.begin(), block.at.end(), counted_from) -
                                  block.at.begin());
}

/// What both ways of deciding share: the limits, the record and the end.
class PolicyRunBase : public PolicyRun {
 public:
  explicit PolicyRunBase(const PolicyRunContext& context)
      : context_(context),
        limits_(make_lane_limits(context.policy, context.plan, context.environment, context.shard)),
        recorder_(context.plan.columns(), context.plan.classes().size(), context.clock,
                  context.few_values, context.into) {}

  void finish() final {
    recorder_.finish();
    fold_keys(limits_, context_.plan.columns(), context_.into);
  }

 protected:
  PolicyRunContext context_;
  std::vector<LaneLimit> limits_;
  Recorder recorder_;
  BlockDecisions decisions_;
};

/// One limit that applies to every request: whole blocks through the limiter's own loop.
class BlockRun final : public PolicyRunBase {
 public:
  using PolicyRunBase::PolicyRunBase;

  void take(const RequestBlock& block) override {
    LaneLimit& l = limits_[0];
    keys_.resize(block.size());
    l.keys.index(block, keys_.data());
    l.limiter->grow(l.keys.size());
    l.ledger.grow(l.keys.size());
    decisions_.resize(block.size());
    decisions_.any_delay =
        l.limiter->decide(charges(block), decisions_.allowed.data(), decisions_.delay.data());
    const std::size_t first = first_counted(block, context_.clock.counted_from);
    add_keys(block, first);
    recorder_.add(block, first, decisions_);
  }

 private:
  policy::ChargeBlock charges(const RequestBlock& block) {
    const policy::Limit& limit = *limits_[0].limit;
    policy::ChargeBlock charges{block.at, keys_, {}, {}};
    if (limit.cost) charges.cost = block.costs[*limit.cost];
    if (!limit.selectors.empty()) {
      variants_.resize(block.size());
      for (std::size_t i = 0; i < block.size(); ++i) variants_[i] = limit.variant(block, i);
      charges.variant = variants_;
    }
    return charges;
  }

  void add_keys(const RequestBlock& block, std::size_t first) {
    LaneLimit& l = limits_[0];
    std::uint64_t allowed = 0;
    for (std::size_t i = first; i < block.size(); ++i) {
      l.ledger.record(keys_[i], block.at[i], decisions_.allowed[i] != 0);
      allowed += decisions_.allowed[i];
    }
    l.totals.allowed += allowed;
    l.totals.denied += block.size() - first - allowed;
  }

  std::vector<policy::KeyIndex> keys_;
  std::vector<policy::VariantIndex> variants_;
};

/// Any policy: all limits are asked, and charged together or not at all.
class RequestRun final : public PolicyRunBase {
 public:
  explicit RequestRun(const PolicyRunContext& context) : PolicyRunBase(context), joint_(limits_) {}

  void take(const RequestBlock& block) override {
    decisions_.resize(block.size());
    decisions_.any_delay = false;
    for (std::size_t row = 0; row < block.size(); ++row) decide(block, row);
    recorder_.add(block, first_counted(block, context_.clock.counted_from), decisions_);
  }

 private:
  void decide(const RequestBlock& block, std::size_t row) {
    const Verdict verdict = joint_.decide(block, row);
    decisions_.allowed[row] = verdict.allowed ? 1 : 0;
    decisions_.delay[row] = verdict.delay;
    decisions_.any_delay = decisions_.any_delay || verdict.delay > Duration();
    if (block.at[row] < context_.clock.counted_from) return;
    joint_.record(block.at[row]);
    if (context_.log != nullptr) {
      context_.log->write(context_.policy.name, block, row, joint_.explain(verdict));
    }
  }

  using Verdict = policy::Verdict;
  JointDecision joint_;
};

bool fits_block_kernel(const PolicyRunContext& context) {
  if (context.log != nullptr || context.policy.limits.size() != 1) return false;
  const policy::Limit& limit = context.policy.limits[0];
  return limit.conditions.empty() && limit.spec.enforce &&
         !policy::make_limiter(limit, context.environment)->holds_until_end();
}

}  // namespace

std::unique_ptr<PolicyRun> make_policy_run(const PolicyRunContext& context) {
  if (fits_block_kernel(context)) return std::make_unique<BlockRun>(context);
  return std::make_unique<RequestRun>(context);
}

}  // namespace weir::sim
