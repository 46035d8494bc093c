#include "oracle/holders.hpp"

#include <algorithm>

#include "oracle/slot_judge.hpp"

namespace weir::oracle {
namespace {

using Holders = Observation::Holders;

void add_verdict(const SlotJudge::Verdict& verdict, Observation& observation) {
  const bool allowed = observation.allowed;
  const bool may_admit = allowed ? verdict.is_possible : verdict.other_is_possible;
  const bool may_deny = allowed ? verdict.other_is_possible : verdict.is_possible;
  if (!may_admit) observation.holders = Holders::deny;
  if (may_admit && may_deny && observation.holders == Holders::admit) {
    observation.holders = Holders::either;
  }
}

}  // namespace

std::vector<bool> holding_limits(const std::vector<policy::Limit>& limits) {
  std::vector<bool> holds;
  for (const policy::Limit& limit : limits) {
    holds.push_back(policy::make_limiter(limit, limiter::Environment())->holds_until_end());
  }
  return holds;
}

bool depends_on_ends(const std::vector<policy::Limit>& limits) {
  const std::vector<bool> holds = holding_limits(limits);
  return std::find(holds.begin(), holds.end(), true) != holds.end() ||
         std::any_of(limits.begin(), limits.end(),
                     [](const policy::Limit& limit) { return limit.charges_late(); });
}

void note_holders(const std::vector<policy::Limit>& limits, std::span<const Group> groups,
                  const Uncertainty& uncertainty, std::vector<Observation>& observations) {
  const std::vector<bool> holds = holding_limits(limits);
  for (Observation& observation : observations) observation.holders = Holders::admit;
  for (const Group& group : groups) {
    for (std::uint32_t entry = 0; entry < group.entries.size(); ++entry) {
      const std::uint16_t number = group.entries[entry].limit;
      if (!holds[number] || !limits[number].spec.enforce) continue;
      const SlotRule rule = slot_rule_of(limits[number], group, entry, observations);
      SlotJudge judge(rule, holdings_of(group, entry, observations, rule, uncertainty), false);
      for (const SlotJudge::Verdict& verdict : judge.judge()) {
        add_verdict(verdict, observations[verdict.number]);
      }
    }
  }
}

}  // namespace weir::oracle
