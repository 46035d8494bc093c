#include "sim/joint_decision.hpp"

#include <algorithm>

namespace weir::sim {
namespace {

bool denies(const LaneLimit& limit, const policy::Verdict& verdict) {
  return !verdict.allowed && limit.limit->spec.enforce;
}

}  // namespace

JointDecision::JointDecision(std::vector<LaneLimit>& limits, policy::Policy::RetryAfter retry_after)
    : limits_(limits), retry_after_(retry_after) {
  if (limits.size() != 1 || retry_after != policy::Policy::RetryAfter::of_product) return;
  const policy::Limit& limit = *limits[0].limit;
  is_alone_ =
      limit.spec.enforce && limit.conditions.empty() && !limit.charges_late() && !limits[0].holds;
}

policy::Verdict JointDecision::decide_alone(const RequestBlock& block, std::size_t row) {
  LaneLimit& l = limits_[0];
  const policy::Limit& limit = *l.limit;
  asked_.resize(1);
  Asked& asked = asked_[0];
  asked.charge = {l.keys.index_row(block, row), limit.variant(block, row), block.at[row],
                  limit.cost_of(block, row)};
  l.grow();
  const policy::Verdict verdict = l.limiter->decide(asked.charge, promise_);
  asked.verdict = verdict;
  asked.charged = verdict.allowed;
  return verdict;
}

policy::Verdict JointDecision::decide(const RequestBlock& block, std::size_t row) {
  if (is_alone_) return decide_alone(block, row);
  ask(block, row);
  policy::Verdict joint;
  for (const Asked& a : asked_) {
    if (denies(limit_of(a), a.verdict)) joint.allowed = false;
  }
  for (Asked& a : asked_) {
    if (!joint.allowed || !a.verdict.allowed) {
      limit_of(a).limiter->charge_denied(a.charge);
      continue;
    }
    // A limit that only counts holds nothing back.
    if (limit_of(a).limit->spec.enforce) joint.delay = std::max(joint.delay, a.verdict.delay);
    charge(a);
  }
  return joint;
}

void JointDecision::ask(const RequestBlock& block, std::size_t row) {
  asked_.clear();
  for (std::uint32_t i = 0; i < limits_.size(); ++i) {
    LaneLimit& l = limits_[i];
    const policy::Limit& limit = *l.limit;
    if (!limit.applies(block, row)) continue;
    const policy::Charge charge{l.keys.index_row(block, row), limit.variant(block, row),
                                block.at[row], limit.asked_cost(block, row)};
    l.grow();
    asked_.push_back({i, charge, l.limiter->check(charge)});
  }
}

void JointDecision::charge(Asked& asked) {
  const LaneLimit& l = limit_of(asked);
  if (l.limit->spec.charge.when == policy::ChargeSpec::When::answer) {
    // Its cost comes later, but some products count that there was a request.
    policy::Charge without_cost = asked.charge;
    without_cost.cost = 0;
    l.limiter->charge(without_cost);
    return;
  }
  if (l.holds) asked.starts_at_once = l.limiter->starts_at_once(asked.charge);
  l.limiter->charge(asked.charge);
  asked.charged = true;
}

void JointDecision::record(bool counts) {
  for (const Asked& a : asked_) {
    LaneLimit& l = limit_of(a);
    if (l.shadow) l.shadow->decided(a.charge, a.verdict.allowed, a.charged, counts, l.totals);
    if (!counts) continue;
    l.ledger.record(a.charge.key, a.charge.now, a.verdict.allowed);
    ++(a.verdict.allowed ? l.totals.allowed : l.totals.denied);
  }
}

void JointDecision::collect_holds(std::vector<Hold>& holds) const {
  for (const Asked& a : asked_) {
    const LaneLimit& l = limit_of(a);
    const bool is_late = l.limit->charges_late();
    if (!a.verdict.allowed || (!l.holds && !is_late)) continue;
    holds.push_back({.limit = a.limit,
                     .charge = a.charge,
                     .holds = l.holds && a.charged,
                     .has_started = a.starts_at_once,
                     .started = a.charge.now,
                     .is_late = is_late,
                     .charged = a.charged ? a.charge.cost : 0});
  }
}

policy::Promise JointDecision::promise() const {
  if (is_alone_) return promise_;
  const std::optional<Duration> advertised = told();
  // The exact wait is not worth its time where nothing is promised.
  if (!advertised) return {0, Duration::max(), Duration::max()};
  return {0, *advertised, exact_wait()};
}

Duration JointDecision::exact_wait() const {
  Duration exact;
  for (const Asked& a : asked_) {
    if (!limit_of(a).limit->spec.enforce) continue;
    const auto at = limit_of(a).limiter->earliest(a.charge);
    if (!at) return Duration::max();
    exact = std::max(exact, *at - a.charge.now);
  }
  return exact;
}

std::optional<Duration> JointDecision::told() const {
  using RetryAfter = policy::Policy::RetryAfter;
  if (retry_after_ == RetryAfter::of_product) return told_by_products();
  if (retry_after_ == RetryAfter::none) return std::nullopt;
  const Duration exact = exact_wait();
  if (exact == Duration::max()) return std::nullopt;
  if (retry_after_ == RetryAfter::delta_seconds) return limiter::ceil_seconds(exact);
  // A date has whole seconds of the clock, not of the wait.
  const Duration now = asked_[0].charge.now - Instant();
  return limiter::ceil_seconds(now + exact) - now;
}

std::optional<Duration> JointDecision::told_by_products() const {
  std::optional<Duration> longest;
  for (const Asked& a : asked_) {
    if (!denies(limit_of(a), a.verdict)) continue;
    const auto advertised = limit_of(a).limiter->advertised_retry_after(a.charge);
    if (advertised) longest = std::max(longest.value_or(Duration()), *advertised);
  }
  return longest;
}

LoggedDecision JointDecision::explain(const policy::Verdict& verdict) const {
  LoggedDecision logged;
  logged.allowed = verdict.allowed;
  logged.delay = verdict.delay;
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
  }
  if (verdict.allowed) return logged;
  const Duration exact = exact_wait();
  if (exact != Duration::max()) logged.retry_after = exact;
  logged.advertised_retry_after = told();
  return logged;
}

}  // namespace weir::sim
