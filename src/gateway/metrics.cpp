#include "gateway/metrics.hpp"

#include <algorithm>

namespace weir::gateway {

void LatencyBuckets::add(Duration took) {
  const auto at = std::lower_bound(bounds_ns.begin(), bounds_ns.end(), took.ns());
  DecisionCounts::increment(counts_[static_cast<std::size_t>(at - bounds_ns.begin())]);
  total_ns_.store(total_ns_.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(took.ns()),
                  std::memory_order_relaxed);
}

void LatencyBuckets::add_to(Sums& sums) const {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    sums.counts[i] += counts_[i].load(std::memory_order_relaxed);
  }
  sums.total_ns += total_ns_.load(std::memory_order_relaxed);
}

std::shared_ptr<DecisionCounts> Metrics::make_counts(std::vector<std::string> limit_names) {
  const std::lock_guard lock(mutex_);
  return all_.emplace_back(std::make_shared<DecisionCounts>(std::move(limit_names)));
}

Metrics::Totals Metrics::totals() const {
  const std::lock_guard lock(mutex_);
  Totals sums;
  for (const auto& counts : all_) {
    const auto value = [](const DecisionCounts::Count& count) {
      return count.load(std::memory_order_relaxed);
    };
    sums.allowed += value(counts->allowed);
    sums.denied += value(counts->denied);
    sums.passed_anyway += value(counts->passed_anyway);
    sums.unclear += value(counts->unclear);
    sums.exempt += value(counts->exempt);
    sums.unavailable += value(counts->unavailable);
    sums.repeated += value(counts->repeated);
    sums.cost_unknown += value(counts->cost_unknown);
    for (std::size_t l = 0; l < counts->limits.size(); ++l) {
      sums.denied_by[counts->limits[l]] += value(counts->denied_by[l]);
    }
    counts->decision.add_to(sums.decision);
    counts->store.add_to(sums.store);
  }
  return sums;
}

}  // namespace weir::gateway
