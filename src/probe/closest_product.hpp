#pragma once

#include "metrics/probe_facts.hpp"
#include "policy/spec.hpp"
#include "probe/live_target.hpp"

namespace weir::probe {

/// Where a product's own rule explains what a target did at least as well as the family's that was
/// found, and the target denies as that product does (its status, and what it tells), puts the
/// product's rule into the policy and the facts. The policy's keys are attributes of the target.
void prefer_product(const LiveTarget& target, policy::PolicySpec& policy,
                    metrics::ProbeFacts& facts);

}  // namespace weir::probe
