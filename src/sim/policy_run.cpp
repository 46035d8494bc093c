#include "sim/policy_run.hpp"

#include <algorithm>
#include <variant>

#include "metrics/retry_after_audit.hpp"
#include "sim/event_run.hpp"
#include "sim/fairness_record.hpp"
#include "sim/lane_limit.hpp"

namespace weir::sim {

namespace {

std::size_t first_counted(const RequestBlock& block, Instant counted_from) {
  if (block.at.front() >= counted_from) return 0;
  return static_cast<std::size_t>(std::lower_bound(block.at.begin(), block.at.end(), counted_from) -
                                  block.at.begin());
}

/// One limit that applies to every request: whole blocks through the limiter's own loop.
class BlockRun final : public PolicyRun {
 public:
  explicit BlockRun(const PolicyRunContext& context)
      : context_(context),
        limits_(make_lane_limits(context.policy, context.plan, context.environment, context.shard)),
        recorder_(context.plan.columns(), context.plan.classes().size(), context.clock,
                  context.few_values, context.into) {
    // The limit's own ledger knows what each of its keys was offered and denied.
    if (context.fairness.empty() || context.fairness == limits_[0].limit->state_key) return;
    fairness_.emplace(make_key_indexer(context.fairness, context.plan, context.shard));
  }

  void take(const RequestBlock& block) override {
    LaneLimit& l = limits_[0];
    keys_.resize(block.size());
    l.keys.index(block, keys_.data());
    l.limiter->grow(l.keys.size());
    l.ledger.grow(l.keys.size());
    decisions_.resize(block.size());
    promises_.resize(block.size());
    const policy::KeyedLimiter::Decided decided = l.limiter->decide(
        charges(block), decisions_.allowed.data(), decisions_.delay.data(), promises_.data());
    decisions_.any_delay = decided.any_delay;
    const std::size_t first = first_counted(block, context_.clock.counted_from);
    add_keys(block, first);
    recorder_.add(block, first, decisions_);
    for (std::size_t i = 0; i < decided.promises; ++i) {
      const policy::Promise& p = promises_[i];
      if (p.row < first) continue;
      metrics::judge_promise(context_.into.retry_after, p.advertised, p.exact);
    }
    if (fairness_) fairness_->add(block, first, decisions_);
  }

  void finish() override {
    recorder_.finish();
    fold_keys(limits_, context_.plan.columns(), context_.into);
    if (fairness_) {
      fairness_->add_to(context_.into.fairness);
    } else if (!context_.fairness.empty()) {
      const metrics::KeyLedger& ledger = limits_[0].ledger;
      for (std::uint32_t key = 0; key < ledger.size(); ++key) {
        const std::uint64_t met = ledger.met(key);
        metrics::add_share(context_.into.fairness, met, met - ledger.denied(key));
      }
    }
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

  PolicyRunContext context_;
  std::vector<LaneLimit> limits_;
  metrics::Recorder recorder_;
  metrics::BlockDecisions decisions_;
  std::vector<policy::Promise> promises_;
  std::optional<FairnessRecord> fairness_;
  std::vector<policy::KeyIndex> keys_;
  std::vector<policy::VariantIndex> variants_;
};

bool ends_when_decided(const traffic::ClassPlan& c) {
  return std::holds_alternative<traffic::GiveUp>(c.spec.on_denied.behaviour) && !c.spec.clients &&
         c.spec.abandon.share <= 0.0;
}

bool fits_block_kernel(const PolicyRunContext& context) {
  if (context.log != nullptr || context.backend != nullptr) return false;
  const auto& classes = context.plan.classes();
  if (!std::all_of(classes.begin(), classes.end(), ends_when_decided)) return false;
  if (context.policy.limits.size() != 1) return false;
  if (context.policy.retry_after != policy::Policy::RetryAfter::of_product) return false;
  const policy::Limit& limit = context.policy.limits[0];
  return limit.conditions.empty() && limit.spec.enforce && !limit.charges_late() &&
         limit.references.empty() &&
         !policy::make_limiter(limit, context.environment)->holds_until_end();
}

}  // namespace

std::unique_ptr<PolicyRun> make_policy_run(const PolicyRunContext& context) {
  if (fits_block_kernel(context)) return std::make_unique<BlockRun>(context);
  return std::make_unique<EventRun>(context);
}

}  // namespace weir::sim
