#pragma once

#include <vector>

#include "core/rate.hpp"
#include "metrics/probe_facts.hpp"
#include "policy/spec.hpp"
#include "probe/live_target.hpp"

namespace weir::probe {

/// The rates that explain what was seen, a second.
struct RateRange {
  double least = 0.0;
  double most = 0.0;
};

/// The roundest rate within the range or a hair beside it.
Rate a_hair_beside(const RateRange& range);

/// What nginx may have been told where a probe measured a rate, the roundest first: by the second
/// or by the minute, within the range or a hair beside it.
std::vector<Rate> nginx_rates(const Rate& measured, const RateRange& range);

/// Where a product's own rule explains what a target did at least as well as the family's that was
/// found, and the target denies as that product does (its status, and what it tells), puts the
/// product's rule into the policy and the facts. The policy's keys are attributes of the target.
void prefer_product(const LiveTarget& target, policy::PolicySpec& policy,
                    metrics::ProbeFacts& facts);

}  // namespace weir::probe
