#include "sim/lane_limit.hpp"

#include <algorithm>

#include "core/random.hpp"

namespace weir::sim {

LimitShadow::LimitShadow(const policy::Limit& limit, const policy::KeyIndexer& keys,
                         const Columns& columns)
    : limit_(limit), keys_(keys), columns_(columns) {}

void LimitShadow::decided(const policy::Charge& charge, bool allowed, bool charged, bool counts,
                          metrics::LimitTotals& totals) {
  if (!watches(charge.key)) return;
  const policy::Limit::Window& window = limit_.references[charge.variant];
  shadow_.grow(charge.key + std::size_t{1});
  shadow_.decided(charge.key, charge.now, charge.cost, window.limit, window.window, allowed,
                  charged, counts, totals);
}

void LimitShadow::settled(const policy::Charge& charge, Instant charged_at, policy::Cost charged,
                          bool counts, metrics::LimitTotals& totals) {
  if (!watches(charge.key)) return;
  shadow_.settled(charge.key, charged_at, charge.now, charged, charge.cost,
                  limit_.references[charge.variant].window, counts, totals);
}

// Which keys are watched depends on their names alone, so that it is the same in every lane.
bool LimitShadow::watches(policy::KeyIndex key) {
  if (limit_.spec.reference->sample >= 1.0) return true;
  if (key >= watched_.size()) watched_.resize(key + std::size_t{1}, Watch::unknown);
  Watch& watch = watched_[key];
  if (watch == Watch::unknown) {
    const std::uint64_t hash = hash64(keys_.name(key, columns_, limit_.state_key.size()));
    const bool is_watched =
        RandomStream(0).named("accuracy").uniform(hash) <= limit_.spec.reference->sample;
    watch = is_watched ? Watch::yes : Watch::no;
  }
  return watch == Watch::yes;
}

policy::KeyIndexer make_key_indexer(const std::vector<std::size_t>& columns,
                                    const traffic::Plan& plan, std::optional<std::uint32_t> shard) {
  std::vector<policy::KeyIndexer::Range> ranges;
  for (const std::size_t column : columns) {
    const auto all = static_cast<ValueId>(plan.columns().dictionaries[column].size());
    ranges.push_back(shard ? plan.values_in_shard(column, *shard)
                           : policy::KeyIndexer::Range{0, all});
  }
  return policy::KeyIndexer(columns, std::move(ranges));
}

std::vector<LaneLimit> make_lane_limits(const policy::Policy& policy, const traffic::Plan& plan,
                                        const limiter::Environment& environment,
                                        std::optional<std::uint32_t> shard) {
  std::vector<LaneLimit> limits;
  // The shadows refer to their limits' indexers.
  limits.reserve(policy.limits.size());
  for (const policy::Limit& limit : policy.limits) {
    policy::KeyIndexer keys = make_key_indexer(limit.state_key, plan, shard);
    const std::size_t count = keys.size();
    std::unique_ptr<policy::KeyedLimiter> limiter = policy::make_limiter(limit, environment);
    limiter->reset(count);
    const bool holds = limiter->holds_until_end();
    limits.push_back({.limit = &limit,
                      .keys = std::move(keys),
                      .limiter = std::move(limiter),
                      .ledger = metrics::KeyLedger(count),
                      .totals = {},
                      .holds = holds,
                      .shadow = nullptr,
                      .grown = count});
    if (limit.references.empty()) continue;
    limits.back().shadow = std::make_unique<LimitShadow>(limit, limits.back().keys, plan.columns());
  }
  return limits;
}

namespace {

void add_top_denied(const LaneLimit& l, std::uint32_t index, const Columns& columns,
                    metrics::Accumulator& into) {
  for (const auto& d : l.ledger.most_denied(metrics::Accumulator::top_denied_kept)) {
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
    metrics::LimitTotals totals = l.totals;
    for (std::uint32_t key = 0; key < l.ledger.size(); ++key) {
      if (l.ledger.met(key) == 0) continue;
      ++totals.keys;
      totals.state_bytes += l.limiter->state_bytes(key);
    }
    into.limits[i] += totals;
    if (!l.limit->spec.enforce) continue;
    into.denied_keys += l.ledger.denials().size();
    add_top_denied(l, i, columns, into);
  }
}

}  // namespace weir::sim
