#include "policy/joint_ask.hpp"

#include <algorithm>

namespace weir::policy {
namespace {

void charge(JointAsk& asked) {
  if (asked.spec->charge.when == ChargeSpec::When::answer) {
    // Its cost comes later, but some products count that there was a request.
    Charge without_cost = asked.charge;
    without_cost.cost = 0;
    asked.limiter->charge(without_cost);
    return;
  }
  if (asked.holds) asked.starts_at_once = asked.limiter->starts_at_once(asked.charge);
  asked.limiter->charge(asked.charge);
  asked.charged = true;
}

}  // namespace

Verdict check_jointly(std::span<JointAsk> asked) {
  Verdict joint;
  for (JointAsk& a : asked) {
    a.verdict = a.limiter->check(a.charge);
    if (a.denies()) joint.allowed = false;
    // A limit that only counts holds nothing back.
    if (a.spec->enforce) joint.delay = std::max(joint.delay, a.verdict.delay);
  }
  if (!joint.allowed) joint.delay = Duration();
  return joint;
}

void charge_jointly(std::span<JointAsk> asked, bool allowed) {
  for (JointAsk& a : asked) {
    if (allowed && a.verdict.allowed) {
      charge(a);
    } else {
      a.limiter->charge_denied(a.charge);
    }
  }
}

Duration joint_wait(std::span<const JointAsk> asked) {
  Duration longest;
  for (const JointAsk& a : asked) {
    if (!a.spec->enforce) continue;
    const auto at = a.limiter->earliest(a.charge);
    if (!at) return Duration::max();
    longest = std::max(longest, *at - a.charge.now);
  }
  return longest;
}

}  // namespace weir::policy
