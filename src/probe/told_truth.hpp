#pragma once

#include <string>
#include <vector>

#include "metrics/probe_outcome.hpp"
#include "policy/spec.hpp"
#include "probe/live_target.hpp"

namespace weir::probe {

/// Judges what a target's answers told, by the policy that was found, whose keys are attributes of
/// the target, and by what coming back at a promised instant showed; fills in the facts about it.
void judge_what_was_told(const LiveTarget& target, const policy::PolicySpec& policy,
                         metrics::ProbeOutcome& outcome);

/// Returns of a key at the instant that its denial promised, with nothing sent between.
struct Returns {
  std::uint64_t kept = 0;
  std::uint64_t broken = 0;
};
/// `keyed_by` are the numbers of the keys whose values tell clients apart.
Returns count_returns(const std::vector<LiveTarget::Record>& records,
                      const std::vector<std::size_t>& keyed_by);

/// What puts a promise to the test, if anything was promised and was not put to it yet, and the
/// budget allows it: a fresh key is denied and comes back when it was told to.
void try_promise(LiveTarget& target, std::uint64_t requests_until_denied,
                 metrics::ProbeFacts& facts);

}  // namespace weir::probe
