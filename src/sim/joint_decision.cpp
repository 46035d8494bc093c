#include "sim/joint_decision.hpp"

#include <algorithm>

namespace weir::sim {
namespace {

bool denies(const LaneLimit& limit, const policy::Verdict& verdict) {
  return !verdict.allowed && limit.limit->spec.enforce;
}

}  // namespace

JointDecision::JointDecision(std::vector<LaneLimit>& limits) : limits_(limits) {}

policy::Verdict JointDecision::decide(const RequestBlock& block, std::size_t row) {
  const Instant now = block.at[row];
  release_until(now);
  ask(block, row);
  policy::Verdict joint;
  for (const Asked& a : asked_) {
    if (denies(limit_of(a), a.verdict)) joint.allowed = false;
  }
  if (joint.allowed) {
    for (const Asked& a : asked_) {
      // A limit that only counts holds nothing back.
      if (a.verdict.allowed && limit_of(a).limit->spec.enforce)
        joint.delay = std::max(joint.delay, a.verdict.delay);
    }
  }
  for (const Asked& a : asked_) {
    policy::KeyedLimiter& limiter = *limit_of(a).limiter;
    if (!joint.allowed || !a.verdict.allowed) {
      limiter.charge_denied(a.charge);
      continue;
    }
    limiter.charge(a.charge);
    if (limiter.holds_until_end()) hold(a, now + joint.delay);
  }
  return joint;
}

void JointDecision::ask(const RequestBlock& block, std::size_t row) {
  asked_.clear();
  for (std::size_t i = 0; i < limits_.size(); ++i) {
    LaneLimit& l = limits_[i];
    const policy::Limit& limit = *l.limit;
    if (!limit.applies(block, row)) continue;
    const policy::Charge charge{l.keys.index_row(block, row), limit.variant(block, row),
                                block.at[row], limit.cost_of(block, row)};
    l.limiter->grow(l.keys.size());
    l.ledger.grow(l.keys.size());
    asked_.push_back({i, charge, l.limiter->check(charge)});
  }
}

// What ends at an instant has ended before what arrives at it.
void JointDecision::release_until(Instant now) {
  while (!held_.empty() && held_.top().end <= now) {
    Held held = held_.top();
    held_.pop();
    const Instant admitted = held.charge.now;
    held.charge.now = held.end;
    limits_[held.limit].limiter->complete(held.charge, admitted, false);
  }
}

void JointDecision::hold(const Asked& asked, Instant end) {
  held_.push({end, sequence_++, asked.limit, asked.charge});
}

void JointDecision::record(Instant at) {
  for (const Asked& a : asked_) {
    LaneLimit& l = limit_of(a);
    l.ledger.record(a.charge.key, at, a.verdict.allowed);
    ++(a.verdict.allowed ? l.totals.allowed : l.totals.denied);
  }
}

LoggedDecision JointDecision::explain(const policy::Verdict& verdict) const {
  LoggedDecision logged;
  logged.allowed = verdict.allowed;
  logged.delay = verdict.delay;
  bool never = false;
  for (const Asked& a : asked_) {
    const LaneLimit& l = limit_of(a);
    if (!l.limit->spec.enforce) continue;
    const bool denied = !a.verdict.allowed;
    const policy::Quota quota = l.limiter->quota(a.charge);
    // The quota shown is that of the limit that denied, else of the one with the least left.
    const bool first_to_deny = denied && logged.denied_by.empty();
    if (first_to_deny || (logged.denied_by.empty() &&
                          (!logged.quota || quota.remaining < logged.quota->remaining))) {
      logged.quota = quota;
    }
    if (first_to_deny) logged.denied_by = l.limit->spec.name;
    if (verdict.allowed) continue;
    if (const auto at = l.limiter->earliest(a.charge)) {
      logged.retry_after = std::max(logged.retry_after.value_or(Duration()), *at - a.charge.now);
    } else {
      never = true;
    }
    if (!denied) continue;
    const auto advertised = l.limiter->advertised_retry_after(a.charge);
    if (advertised &&
        (!logged.advertised_retry_after || *advertised > *logged.advertised_retry_after)) {
      logged.advertised_retry_after = advertised;
    }
  }
  if (never) logged.retry_after.reset();
  return logged;
}

}  // namespace weir::sim
