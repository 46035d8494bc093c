#include "sim/joint_decision.hpp"

#include <algorithm>

namespace weir::sim {
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
  applied_.resize(1);
  policy::JointAsk& asked = asked_[0];
  asked.limiter = l.limiter.get();
  asked.spec = &limit.spec;
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
  const policy::Verdict joint = policy::check_jointly(asked_);
  policy::charge_jointly(asked_, joint.allowed);
  return joint;
}

void JointDecision::ask(const RequestBlock& block, std::size_t row) {
  asked_.clear();
  applied_.clear();
  for (std::uint32_t i = 0; i < limits_.size(); ++i) {
    LaneLimit& l = limits_[i];
    const policy::Limit& limit = *l.limit;
    if (!limit.applies(block, row)) continue;
    asked_.push_back({.limiter = l.limiter.get(),
                      .spec = &limit.spec,
                      .charge = {l.keys.index_row(block, row), limit.variant(block, row),
                                 block.at[row], limit.asked_cost(block, row)},
                      .holds = l.holds});
    applied_.push_back(i);
    l.grow();
  }
}

void JointDecision::record(bool counts) {
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    const policy::JointAsk& a = asked_[i];
    LaneLimit& l = limit_of(i);
    if (l.shadow) l.shadow->decided(a.charge, a.verdict.allowed, a.charged, counts, l.totals);
    if (!counts) continue;
    l.ledger.record(a.charge.key, a.charge.now, a.verdict.allowed);
    ++(a.verdict.allowed ? l.totals.allowed : l.totals.denied);
  }
}

void JointDecision::collect_holds(std::vector<Hold>& holds) const {
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    const policy::JointAsk& a = asked_[i];
    const bool is_late = a.spec->charge.when != policy::ChargeSpec::When::admit;
    if (!a.verdict.allowed || (!a.holds && !is_late)) continue;
    holds.push_back({.limit = applied_[i],
                     .charge = a.charge,
                     .holds = a.holds && a.charged,
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
  return {0, *advertised, policy::joint_wait(asked_)};
}

std::optional<Duration> JointDecision::told() const {
  using RetryAfter = policy::Policy::RetryAfter;
  if (retry_after_ == RetryAfter::of_product) return told_by_products();
  if (retry_after_ == RetryAfter::none) return std::nullopt;
  const Duration exact = policy::joint_wait(asked_);
  if (exact == Duration::max()) return std::nullopt;
  if (retry_after_ == RetryAfter::delta_seconds) return limiter::ceil_seconds(exact);
  // A date has whole seconds of the clock, not of the wait.
  const Duration now = asked_[0].charge.now - Instant();
  return limiter::ceil_seconds(now + exact) - now;
}

std::optional<Duration> JointDecision::told_by_products() const {
  std::optional<Duration> longest;
  for (const policy::JointAsk& a : asked_) {
    if (!a.denies()) continue;
    const auto advertised = a.limiter->advertised_retry_after(a.charge);
    if (advertised) longest = std::max(longest.value_or(Duration()), *advertised);
  }
  return longest;
}

LoggedDecision JointDecision::explain(const policy::Verdict& verdict) const {
  LoggedDecision logged;
  logged.allowed = verdict.allowed;
  logged.delay = verdict.delay;
  for (const policy::JointAsk& a : asked_) {
    if (!a.spec->enforce) continue;
    const bool denied = !a.verdict.allowed;
    const policy::Quota quota = a.limiter->quota(a.charge);
    // The quota shown is that of the limit that denied, else of the one with the least left.
    const bool first_to_deny = denied && logged.denied_by.empty();
    if (first_to_deny || (logged.denied_by.empty() &&
                          (!logged.quota || quota.remaining < logged.quota->remaining))) {
      logged.quota = quota;
    }
    if (first_to_deny) logged.denied_by = a.spec->name;
  }
  if (verdict.allowed) return logged;
  const Duration exact = policy::joint_wait(asked_);
  if (exact != Duration::max()) logged.retry_after = exact;
  logged.advertised_retry_after = told();
  return logged;
}

}  // namespace weir::sim
