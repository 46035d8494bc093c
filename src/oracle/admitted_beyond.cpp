#include "oracle/admitted_beyond.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "oracle/decision_times.hpp"
#include "oracle/holders.hpp"
#include "oracle/state_bank.hpp"

namespace weir::oracle {
namespace {

struct Admitted {
  std::uint64_t by_gateway = 0;
  std::uint64_t by_policy = 0;
};

/// When each request was decided, midway through its time, on the gateway's clock.
std::vector<std::pair<Instant, std::uint32_t>> decided_midway(const Evidence& evidence,
                                                              const Group& group, Duration offset) {
  std::vector<std::pair<Instant, std::uint32_t>> decided;
  // Answers that were held back, or served for long, say less of when that was than denials do.
  Uncertainty prompt;
  prompt.decided_within = decision_times(evidence.observations, true).front();
  for (const std::uint32_t number : group.observations) {
    const TimeSpan span = decided_in(evidence.observations[number], prompt);
    decided.emplace_back(span.from + Duration::from_ns(span.width().ns() / 2) + offset, number);
  }
  std::stable_sort(decided.begin(), decided.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return decided;
}

Admitted admitted_of(const Evidence& evidence, const Group& group, Duration offset,
                     StateBank& bank) {
  Admitted admitted;
  bank.begin(group.entries);
  const Row row = bank.add_new();
  for (const auto& [at, number] : decided_midway(evidence, group, offset)) {
    const Observation& observation = evidence.observations[number];
    const bool allowed = bank.check(row, observation, at).allowed;
    bank.charge(row, allowed);
    if (!observation.is_known) continue;
    admitted.by_gateway += observation.allowed ? 1U : 0U;
    admitted.by_policy += allowed ? 1U : 0U;
  }
  return admitted;
}

}  // namespace

std::optional<double> admitted_beyond(const Evidence& evidence, const ClockOffset& offset) {
  if (depends_on_ends(evidence.limits)) return std::nullopt;
  StateBank bank(evidence.limits, evidence.environment);
  Admitted all;
  for (const Group& group : evidence.groups) {
    const Admitted its = admitted_of(evidence, group, offset.middle(), bank);
    all.by_gateway += its.by_gateway;
    all.by_policy += its.by_policy;
  }
  if (all.by_policy == 0) return std::nullopt;
  const auto by_policy = static_cast<double>(all.by_policy);
  return (static_cast<double>(all.by_gateway) - by_policy) / by_policy;
}

}  // namespace weir::oracle
