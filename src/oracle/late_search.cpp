#include "oracle/late_search.hpp"

#include <algorithm>
#include <utility>

#include "oracle/clock_ticks.hpp"

namespace weir::oracle {
namespace {

/// So many decisions of a group are taken for late at most, each of so many before what is wrong.
constexpr int most_late = 3;
constexpr std::size_t most_candidates = 16;

std::uint64_t wrong_in(const Findings& findings) {
  return findings.disagree + told_wrongly(findings);
}

}  // namespace

LateSearch::LateSearch(const Evidence& evidence, const Uncertainty& uncertainty)
    : limits_(evidence.limits),
      usual_(uncertainty),
      observations_(evidence.observations),
      judge_(evidence.limits, evidence.environment, observations_) {}

bool LateSearch::is_explained(const Group& group) {
  const Group* one = &group;
  return oracle::is_explained(judge_.judge({&one, 1}, usual_));
}

bool LateSearch::explain(const Group& group) {
  if (explain_by_few(group)) return true;
  for (const std::uint32_t n : group.observations) observations_[n].may_be_late = true;
  return is_explained(group);
}

Findings LateSearch::findings(std::span<const Group* const> all, std::span<const Group* const> some,
                              std::optional<Duration>& tick) {
  Findings findings = judge_.judge(all, usual_);
  auto ticks = find_ticks(limits_, judge_, all, some, usual_, findings);
  if (!ticks) return findings;
  tick = ticks->tick;
  return std::move(ticks->findings);
}

// The last ones before the first that is wrong and was answered late: one that was admitted after
// others had taken its place, or has taken theirs.
std::vector<std::uint32_t> LateSearch::may_have_been_late(const Group& group,
                                                          const Findings& findings) const {
  const auto first =
      std::find_if(group.observations.begin(), group.observations.end(), [&](std::uint32_t n) {
        return findings.marks[n] != Mark::agree && findings.marks[n] != Mark::undetermined;
      });
  const Instant until =
      first == group.observations.end() ? Instant::max() : observations_[*first].received;
  std::vector<std::uint32_t> candidates;
  for (const std::uint32_t n : group.observations) {
    const Observation& o = observations_[n];
    const bool is_late = o.received - o.sent > usual_.decided_within;
    if (o.allowed && is_late && !o.may_be_late && o.sent <= until) candidates.push_back(n);
  }
  const std::size_t kept = std::min(candidates.size(), most_candidates);
  candidates.erase(candidates.begin(), candidates.end() - static_cast<std::ptrdiff_t>(kept));
  return candidates;
}

bool LateSearch::explain_by_few(const Group& group) {
  const Group* one = &group;
  std::vector<std::uint32_t> late;
  Findings best = judge_.judge({&one, 1}, usual_);
  while (late.size() < most_late && !oracle::is_explained(best)) {
    std::optional<std::uint32_t> latest;
    for (const std::uint32_t n : may_have_been_late(group, best)) {
      observations_[n].may_be_late = true;
      Findings findings = judge_.judge({&one, 1}, usual_);
      observations_[n].may_be_late = false;
      const auto worth = [](const Findings& f) { return std::pair(wrong_in(f), f.undetermined); };
      if (wrong_in(findings) >= wrong_in(best) && !latest) continue;
      if (latest && worth(findings) >= worth(best)) continue;
      best = std::move(findings);
      latest = n;
    }
    if (!latest) break;
    observations_[*latest].may_be_late = true;
    late.push_back(*latest);
  }
  if (oracle::is_explained(best)) return true;
  for (const std::uint32_t n : late) observations_[n].may_be_late = false;
  return false;
}

}  // namespace weir::oracle
