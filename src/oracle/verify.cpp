#include "oracle/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "limiter/catalogue.hpp"
#include "oracle/holders.hpp"

namespace weir::oracle {
namespace {

/// Clocks of coarser ticks are those that windows go by: where their ticks lie is looked for.
constexpr Duration coarsest_tick = Duration::from_ms(10);
/// nginx reads the kernel's coarse clock, which most kernels move on 250 times a second.
constexpr Duration kernel_tick = Duration::from_ms(4);
/// So many observations say where the clock stands.
constexpr std::size_t most_for_offset = 1'000;
/// Below so many decisions near the limit, or above such a share of undetermined ones, the rest
/// says nothing.
constexpr std::uint64_t fewest_near_limit = 10;
constexpr double most_undetermined = 0.02;

Uncertainty uncertainty_of(const std::vector<policy::Limit>& limits) {
  Uncertainty uncertainty;
  for (const policy::Limit& limit : limits) {
    const limiter::AlgorithmInfo* info = limiter::find_algorithm(limit.spec.algorithm);
    const Duration tick = info->clock_granularity;
    if (tick > coarsest_tick || tick <= Duration::from_ns(1)) continue;
    const bool is_nginx = info->id == "nginx-limit-req";
    // HAProxy's periods begin at even ticks.
    const Duration step = info->id == "haproxy-http-req-rate" ? tick * 2 : tick;
    uncertainty.ahead = std::max(uncertainty.ahead, step);
    uncertainty.behind = std::max(uncertainty.behind, is_nginx ? step + kernel_tick : step);
  }
  return uncertainty;
}

bool may_delay(const std::vector<policy::Limit>& limits, const limiter::Environment& environment,
               const std::vector<Observation>& observations, std::span<const Group* const> groups) {
  StateBank bank(limits, environment);
  for (const Group* group : groups) {
    bank.begin(group->entries);
    const Row row = bank.add_new();
    for (const std::uint32_t number : group->observations) {
      const Observation& observation = observations[number];
      const limiter::Verdict verdict = bank.check(row, observation, observation.sent);
      if (verdict.delay > Duration()) return true;
      bank.charge(row, verdict.allowed);
    }
  }
  return false;
}

/// How long denials take, which neither wait nor are served, where there are enough of them.
std::optional<Duration> slowest_denial(const std::vector<Observation>& observations) {
  constexpr std::size_t enough_denials = 30;
  Duration slowest;
  std::size_t denials = 0;
  for (const Observation& observation : observations) {
    if (observation.allowed) continue;
    slowest = std::max(slowest, observation.received - observation.sent);
    ++denials;
  }
  return denials >= enough_denials ? std::optional(slowest) : std::nullopt;
}

/// How long a gateway takes to decide, where answers may take longer because admitted requests
/// wait or are served: as long as denials take.
Duration decision_time(const std::vector<Observation>& observations, bool delays) {
  constexpr Duration least = Duration::from_ms(10);
  if (const auto slowest = slowest_denial(observations)) return std::max(*slowest * 3, least);
  if (!delays) return Duration::max();
  Duration fastest = Duration::max();
  for (const Observation& observation : observations) {
    fastest = std::min(fastest, observation.received - observation.sent);
  }
  return fastest * 10 + least;
}

std::size_t denials_in(const Group& group, const std::vector<Observation>& observations) {
  return static_cast<std::size_t>(
      std::count_if(group.observations.begin(), group.observations.end(),
                    [&](std::uint32_t number) { return !observations[number].allowed; }));
}

/// The groups that say the most of the limits: those with the most denials.
std::vector<const Group*> telling_groups(const Evidence& evidence) {
  std::vector<std::pair<std::size_t, const Group*>> by_denials;
  for (const Group& group : evidence.groups) {
    by_denials.emplace_back(denials_in(group, evidence.observations), &group);
  }
  std::stable_sort(by_denials.begin(), by_denials.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<const Group*> some;
  std::size_t observations = 0;
  for (const auto& [denials, group] : by_denials) {
    if (!some.empty() && observations + group->observations.size() > most_for_offset) break;
    observations += group->observations.size();
    some.push_back(group);
  }
  return some;
}

Uncertainty at(const ClockOffset& offset, Uncertainty uncertainty) {
  uncertainty.least_offset = offset.least;
  uncertainty.most_offset = offset.most;
  return uncertainty;
}

/// The offset that seems to explain the most; where states are not always enclosed, one with which
/// nothing is impossible, if there is any.
ClockOffset find_offset(const Evidence& evidence, Judge& judge, std::span<const Group* const> all,
                        std::span<const Group* const> some, const Uncertainty& uncertainty) {
  const ClockOffset likely =
      refine_offset(judge, some, uncertainty, evidence.offset, Against::unexplained);
  if (!judge.counts_by_segment()) return likely;
  if (judge.judge(all, at(likely, uncertainty)).disagree == 0) return likely;
  const ClockOffset possible =
      refine_offset(judge, some, uncertainty, evidence.offset, Against::impossible);
  return judge.judge(all, at(possible, uncertainty)).disagree == 0 ? possible : likely;
}

std::string why_inconclusive(const Verification& found) {
  const std::uint64_t decisions = found.decisions();
  if (decisions == 0) return "no request was decided";
  if (found.findings.disagree > 0) return "";
  if (found.findings.near_limit < fewest_near_limit) {
    return fmt::format(
        "only {} of {} decisions were near the limit, and traffic that is all allowed proves "
        "nothing: send more requests of one key than the policy admits",
        found.findings.near_limit, decisions);
  }
  const double share =
      static_cast<double>(found.findings.undetermined) / static_cast<double>(decisions);
  if (share > most_undetermined) {
    return fmt::format(
        "{:.1f} % of the decisions were too close to call: send fewer requests at a time, from "
        "nearer to the gateway, or against a limit whose units come back more slowly",
        share * 100.0);
  }
  return "";
}

/// What a gateway may need to decide, as a multiple of what denials took and at least, and for how
/// long requests may go on to count there after their answers have ended.
struct Latitude {
  int times = 1;
  Duration least;
  Duration lingers;
};

/// From what holds on an idle machine to what does on one that is stalled for long.
constexpr std::array<Latitude, 4> latitudes = {
    Latitude{1, Duration(), Duration()}, Latitude{2, Duration::from_ms(5), Duration::from_ms(2)},
    Latitude{3, Duration::from_ms(20), Duration::from_ms(20)},
    Latitude{3, Duration::from_ms(50), Duration::from_ms(50)}};

/// Whether it matters when requests end.
bool depends_on_ends(const std::vector<policy::Limit>& limits) {
  const std::vector<bool> holds = holding_limits(limits);
  return std::find(holds.begin(), holds.end(), true) != holds.end() ||
         std::any_of(limits.begin(), limits.end(),
                     [](const policy::Limit& limit) { return limit.charges_late(); });
}

Verification verify_with(const Evidence& evidence, Uncertainty uncertainty) {
  std::vector<const Group*> all;
  for (const Group& group : evidence.groups) all.push_back(&group);
  const std::vector<const Group*> some = telling_groups(evidence);
  if (uncertainty.decided_within != Duration::max()) {
    uncertainty.late_after = Duration::from_ms(100) + uncertainty.decided_within;
  }
  Judge judge(evidence.limits, evidence.environment, evidence.observations);
  Verification found;
  if (depends_on_clock(evidence.limits, evidence.environment, evidence.observations, some)) {
    found.offset = find_offset(evidence, judge, all, some, uncertainty);
  }
  found.findings = judge.judge(all, at(found.offset.value_or(ClockOffset()), uncertainty));
  return found;
}

/// The narrowest latitude that explains all is as good as any: what is decided early and ends late
/// is only made up of what happens seldom.
Verification verify_by_ends(Evidence evidence, Uncertainty uncertainty) {
  const auto slowest = slowest_denial(evidence.observations);
  Verification found;
  for (const Latitude& latitude : latitudes) {
    uncertainty.decided_within =
        slowest ? std::max(*slowest * latitude.times, latitude.least) : Duration::max();
    uncertainty.lingers = latitude.lingers;
    if (evidence.limits.size() > 1) {
      note_holders(evidence.limits, evidence.groups, uncertainty, evidence.observations);
    }
    found = verify_with(evidence, uncertainty);
    if (found.findings.disagree == 0 && found.findings.remaining.disagree == 0) break;
  }
  return found;
}

void list_first_disagreements(const Evidence& evidence, Verification& found) {
  std::vector<std::uint32_t>& first = found.first_disagreements;
  for (std::uint32_t i = 0; i < evidence.observations.size(); ++i) {
    const Mark mark = found.findings.marks[i];
    if (mark != Mark::agree && mark != Mark::undetermined) first.push_back(i);
  }
  const auto is_earlier = [&](std::uint32_t a, std::uint32_t b) {
    return evidence.observations[a].sent < evidence.observations[b].sent;
  };
  const std::size_t told = std::min(first.size(), most_disagreements_told);
  std::partial_sort(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(told), first.end(),
                    is_earlier);
  first.resize(told);
}

}  // namespace

Verification verify(const Evidence& evidence) {
  Uncertainty uncertainty = uncertainty_of(evidence.limits);
  Verification found;
  if (depends_on_ends(evidence.limits)) {
    found = verify_by_ends(evidence, uncertainty);
  } else {
    const bool delays = may_delay(evidence.limits, evidence.environment, evidence.observations,
                                  telling_groups(evidence));
    uncertainty.decided_within = decision_time(evidence.observations, delays);
    found = verify_with(evidence, uncertainty);
  }
  list_first_disagreements(evidence, found);
  found.why_inconclusive = why_inconclusive(found);
  return found;
}

}  // namespace weir::oracle
