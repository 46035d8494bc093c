#include "oracle/verify.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "oracle/clock_ticks.hpp"
#include "oracle/decision_times.hpp"
#include "oracle/held_answers.hpp"
#include "oracle/holders.hpp"
#include "oracle/inconclusive.hpp"
#include "oracle/late_search.hpp"

namespace weir::oracle {
namespace {

/// So many observations say where the clock stands.
constexpr std::size_t most_for_offset = 1'000;

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

/// The offset that seems to explain the most; where states are not always enclosed, one with which
/// nothing is impossible, if there is any.
ClockOffset find_offset(const Evidence& evidence, Judge& judge, std::span<const Group* const> all,
                        std::span<const Group* const> some, const Uncertainty& uncertainty) {
  const ClockOffset likely =
      refine_offset(judge, some, uncertainty, evidence.offset, Against::unexplained);
  if (!judge.counts_by_segment()) return likely;
  if (judge.judge(all, with_offset(likely, uncertainty)).disagree == 0) return likely;
  const ClockOffset possible =
      refine_offset(judge, some, uncertainty, evidence.offset, Against::impossible);
  return judge.judge(all, with_offset(possible, uncertainty)).disagree == 0 ? possible : likely;
}

/// An offset that was found, if the decisions speak for it rather than for others, with all those
/// that they speak for as much.
std::optional<ClockOffset> stated_offset(const OffsetGuess& guess, ClockOffset found,
                                         ClockOffset range) {
  if (!guess.is_clear) return std::nullopt;
  const bool overlaps = found.least <= guess.as_good.most && found.most >= guess.as_good.least;
  const ClockOffset all = overlaps ? ClockOffset{std::min(found.least, guess.as_good.least),
                                                 std::max(found.most, guess.as_good.most)}
                                   : found;
  return ClockOffset{std::max(all.least, range.least), std::min(all.most, range.most)};
}

/// Whether so much more is open than with other findings that it explains nothing.
bool opens_too_much(const Findings& findings, const Findings& others) {
  const std::uint64_t opened =
      findings.undetermined - std::min(findings.undetermined, others.undetermined);
  return is_too_open(opened, findings.agree + findings.disagree + findings.undetermined);
}

/// Whether fewer decisions are wrong than with other findings, or as many and less is told wrongly,
/// without leaving everything open.
bool explains_more(const Findings& findings, const Findings& others) {
  const auto wrong = [](const Findings& f) { return std::pair(f.disagree, told_wrongly(f)); };
  return wrong(findings) < wrong(others) && !opens_too_much(findings, others);
}

/// Looks for the offset of the gateway's clock where it does not matter when requests end: states
/// are then followed quickly.
class OffsetSearch {
 public:
  OffsetSearch(const Evidence& evidence, Judge& judge, std::span<const Group* const> all,
               std::span<const Group* const> some, const Uncertainty& uncertainty)
      : range_(evidence.offset),
        judge_(judge),
        all_(all),
        some_(some),
        uncertainty_(uncertainty),
        guessed_(guess_offset(evidence.limits, evidence.environment, evidence.observations, some,
                              uncertainty, evidence.offset)),
        guess_(guessed_.offset) {}

  /// One with which nothing is impossible, if there is any.
  ClockOffset find(Effort effort) {
    const ClockOffset likely = as_told(as_decided(around(guess_)));
    if (effort == Effort::quick || explains(likely, Open::no)) return likely;
    const auto possible = possible_offset(judge_, all_, some_, uncertainty_, range_, guess_);
    if (!possible) return exactly(guess_);
    const ClockOffset wider = around(possible->middle());
    return explains(wider, Open::maybe) ? wider : *possible;
  }

  /// What can be told of where the clock stands, if that can.
  std::optional<ClockOffset> stated(ClockOffset found) const {
    return stated_offset(guessed_, found, range_);
  }

  /// Where so much is too close to call that nothing is said: one offset that explains it all is
  /// enough to say that the policy does.
  void narrow(ClockOffset found, Findings& findings) {
    const std::uint64_t decisions = findings.agree + findings.disagree + findings.undetermined;
    if (!is_too_open(findings.undetermined, decisions)) return;
    for (const Duration offset : {found.middle(), guess_}) {
      Findings narrower = judge_.judge(all_, with_offset(exactly(offset), uncertainty_));
      const bool explains = narrower.disagree <= findings.disagree &&
                            told_wrongly(narrower) <= told_wrongly(findings);
      if (explains && narrower.undetermined < findings.undetermined) findings = std::move(narrower);
    }
  }

 private:
  /// Decisions that are far from the limit guess nothing of the clock; what was told then may. An
  /// offset that only leaves more open explains nothing of it.
  ClockOffset as_told(ClockOffset likely) {
    const Findings as_guessed = judge_.judge(all_, with_offset(likely, uncertainty_));
    if (told_wrongly(as_guessed) == 0) return likely;
    const ClockOffset anywhere =
        refine_offset(judge_, some_, uncertainty_, range_, Against::unexplained);
    const Findings elsewhere = judge_.judge(all_, with_offset(anywhere, uncertainty_));
    return explains_more(elsewhere, as_guessed) ? anywhere : likely;
  }
  /// What is told wrongly must not make decisions wrong.
  ClockOffset as_decided(ClockOffset likely) {
    const Findings as_guessed = judge_.judge(all_, with_offset(likely, uncertainty_));
    if (as_guessed.disagree == 0 || told_wrongly(as_guessed) == 0) return likely;
    const ClockOffset by_decisions = around(guess_, Against::decisions);
    const Findings findings = judge_.judge(all_, with_offset(by_decisions, uncertainty_));
    return findings.disagree < as_guessed.disagree ? by_decisions : likely;
  }
  static ClockOffset exactly(Duration offset) {
    const Duration half = Duration::from_ns(finest_offset.ns() / 2);
    return {offset - half, offset + half};
  }
  ClockOffset around(Duration offset, Against against = Against::unexplained) const {
    constexpr Duration reach = Duration::from_ms(25);
    constexpr int most_trials = 80;
    const ClockOffset near{std::max(range_.least, offset - reach),
                           std::min(range_.most, offset + reach)};
    return refine_offset(judge_, some_, uncertainty_, near, against, finest_offset, most_trials);
  }
  /// Whether so much may be too close to call that it says nothing.
  enum class Open { no, maybe };
  bool explains(ClockOffset offset, Open open) {
    const Findings findings = judge_.judge(all_, with_offset(offset, uncertainty_));
    const std::uint64_t decisions = findings.agree + findings.disagree + findings.undetermined;
    return findings.disagree == 0 &&
           (open == Open::maybe || !is_too_open(findings.undetermined, decisions));
  }

  const ClockOffset range_;
  Judge& judge_;
  std::span<const Group* const> all_;
  std::span<const Group* const> some_;
  const Uncertainty& uncertainty_;
  const OffsetGuess guessed_;
  const Duration guess_;
};

/// Where no decision depends on the gateway's clock, what answers tell still may.
void find_offset_as_told(const Evidence& evidence, Judge& judge, std::span<const Group* const> all,
                         std::span<const Group* const> some, const Uncertainty& uncertainty,
                         Verification& found) {
  const ClockOffset likely =
      refine_offset(judge, some, uncertainty, evidence.offset, Against::unexplained);
  Findings findings = judge.judge(all, with_offset(likely, uncertainty));
  if (!explains_more(findings, found.findings)) return;
  found.depends_on_clock = true;
  found.judged_with = likely;
  if (told_wrongly(findings) == 0) found.offset = likely;
  found.findings = std::move(findings);
}

/// Where it matters when requests end: with an offset that is known to be likely, if that explains
/// all decisions.
Verification verify_with_ends(const Evidence& evidence, Judge& judge,
                              std::span<const Group* const> all, std::span<const Group* const> some,
                              const Uncertainty& uncertainty, std::optional<ClockOffset> likely) {
  const OffsetGuess guess = guess_offset(evidence.limits, evidence.environment,
                                         evidence.observations, some, uncertainty, evidence.offset);
  Verification found;
  found.depends_on_clock = true;
  const auto judge_with = [&](ClockOffset offset) {
    found.offset = stated_offset(guess, offset, evidence.offset);
    found.judged_with = offset;
    found.findings = judge.judge(all, with_offset(offset, uncertainty));
  };
  if (likely) judge_with(*likely);
  if (likely && is_explained(found.findings)) return found;
  judge_with(find_offset(evidence, judge, all, some, uncertainty));
  return found;
}

/// `likely`: an offset that was found with other uncertainty, if any.
Verification verify_with(const Evidence& evidence, Uncertainty uncertainty, Effort effort,
                         std::optional<ClockOffset> likely = std::nullopt) {
  std::vector<const Group*> all;
  for (const Group& group : evidence.groups) all.push_back(&group);
  const std::vector<const Group*> some = telling_groups(evidence);
  if (uncertainty.decided_within != Duration::max()) {
    uncertainty.late_after = Duration::from_ms(100) + uncertainty.decided_within;
  }
  Judge judge(evidence.limits, evidence.environment, evidence.observations);
  Verification found;
  if (depends_on_clock(evidence.limits, evidence.environment, evidence.observations, some)) {
    if (depends_on_ends(evidence.limits)) {
      return verify_with_ends(evidence, judge, all, some, uncertainty, likely);
    }
    found.depends_on_clock = true;
    OffsetSearch search(evidence, judge, all, some, uncertainty);
    const ClockOffset offset = search.find(effort);
    found.offset = search.stated(offset);
    found.judged_with = offset;
    found.findings = judge.judge(all, with_offset(offset, uncertainty));
    search.narrow(offset, found.findings);
    return found;
  }
  found.findings = judge.judge(all, uncertainty);
  if (found.findings.disagree == 0 && told_wrongly(found.findings) > 0) {
    find_offset_as_told(evidence, judge, all, some, uncertainty, found);
    if (found.depends_on_clock) return found;
  }
  if (auto ticks = find_ticks(evidence.limits, judge, all, some, uncertainty, found.findings)) {
    found.findings = std::move(ticks->findings);
    found.tick = ticks->tick;
  }
  return found;
}

/// Whether it says that the gateway does as its policy.
bool is_settled(const Evidence& evidence, const Verification& found) {
  return found.findings.disagree == 0 && why_inconclusive(evidence, found).empty();
}

/// On a busy machine a clock that is read once a while may not have been for long. What that
/// explains altogether is not held against the gateway; otherwise it is no excuse.
void forgive_stalls(const Evidence& evidence, Uncertainty uncertainty, Verification& found) {
  constexpr std::uint64_t seldom = 1'000;
  constexpr std::array<Duration, 2> stalls = {Duration::from_ms(20), Duration::from_ms(50)};
  if (uncertainty.behind == Duration() || found.findings.disagree * seldom > found.decisions()) {
    return;
  }
  for (const Duration stall : stalls) {
    if (found.findings.disagree == 0) return;
    uncertainty.behind = stall;
    Verification forgiven = verify_with(evidence, uncertainty, Effort::quick);
    if (forgiven.findings.disagree == 0) found = std::move(forgiven);
  }
}

/// The narrowest latitude that explains all is as good as any: what is decided early and ends late
/// is only made up of what happens seldom. A few denials are right where that explains all.
Verification verify_by_ends(Evidence evidence, Uncertainty uncertainty) {
  const std::vector<Duration> denials = denial_times(evidence.observations);
  Verification found;
  uncertainty.bounds_denials = true;
  const auto explains_within = [&](Duration time, Duration lingers) {
    uncertainty.decided_within = time;
    uncertainty.lingers = lingers;
    if (evidence.limits.size() > 1) {
      note_holders(evidence.limits, evidence.groups, uncertainty, evidence.observations);
    }
    const auto likely = found.depends_on_clock ? std::optional(found.judged_with) : std::nullopt;
    found = verify_with(evidence, uncertainty, Effort::quick, likely);
    return found.findings.disagree == 0 && found.findings.remaining.disagree == 0;
  };
  for (const Latitude& latitude : latitudes()) {
    if (explains_within(time_to_decide(denials, latitude), latitude.lingers)) return found;
  }
  if (!says_enough(denials)) explains_within(Duration::max(), latitudes().back().lingers);
  return found;
}

/// What was decided late for once spoils its keys, and only those. No more keys are forgiven than
/// there can be late decisions, and only if that explains all: first by the few that must have been
/// late, where they are found; else as if every decision of the key could have been as late as its
/// answer.
void forgive_late(const Evidence& evidence, Uncertainty uncertainty, double most,
                  Verification& found) {
  if (is_explained(found.findings)) return;
  if (found.depends_on_clock) uncertainty = with_offset(found.judged_with, uncertainty);
  LateSearch search(evidence, uncertainty);
  std::vector<const Group*> all;
  std::vector<const Group*> spoiled;
  for (const Group& group : evidence.groups) {
    all.push_back(&group);
    if (!search.is_explained(group)) spoiled.push_back(&group);
  }
  if (static_cast<double>(spoiled.size()) > most) return;
  if (!std::all_of(spoiled.begin(), spoiled.end(),
                   [&](const Group* group) { return search.explain(*group); })) {
    return;
  }
  found.findings = search.findings(all, telling_groups(evidence), found.tick);
}

/// What is decided late is only made up of what happens seldom: the shorter time that leaves the
/// fewest contradictions is as good as any. Where only what hardly any decision took explains them,
/// and with that nothing can be said, those are no excuse for more disagreements than such late
/// decisions can make.
Verification verify_by_decisions(const Evidence& evidence, Uncertainty uncertainty, Effort effort) {
  const bool delays = may_delay(evidence.limits, evidence.environment, evidence.observations,
                                telling_groups(evidence));
  // In a queue what comes late holds up all that come after it.
  const double most_bred = delays ? 20.0 : 5.0;
  const auto worth = [](const Verification& v) {
    return std::pair(v.findings.disagree + told_wrongly(v.findings), v.findings.undetermined);
  };
  struct Tried {
    Duration time;
    Verification found;
  };
  std::optional<Tried> best;
  std::optional<Tried> beyond_chance;
  std::uint64_t wrong_if_prompt = 0;
  for (const Duration time : decision_times(evidence.observations, delays)) {
    if (effort == Effort::quick && best && time == Duration::max()) break;
    uncertainty.decided_within = time;
    Verification found = verify_with(evidence, uncertainty, Effort::quick);
    if (!best) wrong_if_prompt = found.findings.disagree;
    const double later = most_later(evidence.observations, time);
    const double by_chance = most_bred * (1.0 + later);
    if (static_cast<double>(found.findings.disagree) > by_chance)
      beyond_chance = Tried{time, found};
    forgive_late(evidence, uncertainty, later, found);
    if (!best || worth(found) < worth(best->found)) best = Tried{time, std::move(found)};
    if (worth(best->found).first == 0 || later == 0.0) break;
  }
  uncertainty.decided_within = best->time;
  forgive_stalls(evidence, uncertainty, best->found);
  const bool says_nothing =
      best->found.findings.disagree == 0 && !is_settled(evidence, best->found);
  Tried& tried = says_nothing && beyond_chance ? *beyond_chance : *best;
  if (effort == Effort::thorough && tried.found.depends_on_clock &&
      !is_settled(evidence, tried.found)) {
    uncertainty.decided_within = tried.time;
    Verification again = verify_with(evidence, uncertainty, effort);
    forgive_late(evidence, uncertainty, most_later(evidence.observations, tried.time), again);
    forgive_stalls(evidence, uncertainty, again);
    if (worth(again) <= worth(tried.found)) tried.found = std::move(again);
  }
  tried.found.takes_late = wrong_if_prompt > 0 && tried.found.findings.disagree == 0;
  return std::move(tried.found);
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

/// Of a policy that holds nothing back: answers that were, are not as it makes them.
void judge_held(const Evidence& evidence, Verification& found) {
  const auto held = find_held_answers(evidence);
  if (!held) return;
  if (!held->is_sure) {
    found.why_inconclusive = held_or_upstream(evidence);
    return;
  }
  count_held(*held, found.findings);
  found.why_inconclusive.clear();
  list_first_disagreements(evidence, found);
}

/// The longest time over which any of the limits counts; 0 where none does.
Duration longest_window(const std::vector<policy::Limit>& limits) {
  Duration longest;
  for (const policy::Limit& limit : limits) {
    for (const limiter::Parameters& row : limit.variants) {
      for (const char* name : {"window", "period", "duration"}) {
        const auto value = row.values().find(name);
        if (value == row.values().end()) continue;
        const auto* window = std::get_if<Duration>(&value->second);
        if (window != nullptr) longest = std::max(longest, *window);
      }
    }
  }
  return longest;
}

Verification verify_within(const Evidence& evidence, Effort effort) {
  Uncertainty uncertainty = uncertainty_of(evidence.limits);
  Verification found;
  if (depends_on_ends(evidence.limits)) {
    found = verify_by_ends(evidence, uncertainty);
  } else {
    found = verify_by_decisions(evidence, uncertainty, effort);
  }
  // One with which much is not as it should be is only the one that hides the most of it.
  constexpr std::uint64_t seldom = 100;
  if (found.findings.disagree * seldom > found.decisions()) found.offset.reset();
  list_first_disagreements(evidence, found);
  found.why_inconclusive = why_inconclusive(evidence, found);
  if (found.findings.disagree == 0) judge_held(evidence, found);
  return found;
}

}  // namespace

std::vector<std::size_t> limits_not_reached(const Evidence& evidence, const Findings& findings) {
  std::vector<std::size_t> numbers;
  if (evidence.limits.size() < 2) return numbers;
  const std::vector<bool> holds = holding_limits(evidence.limits);
  for (std::size_t l = 0; l < evidence.limits.size(); ++l) {
    const policy::LimitSpec& spec = evidence.limits[l].spec;
    if (spec.enforce && spec.algorithm != "unlimited" && !holds[l] && !findings.reached[l]) {
      numbers.push_back(l);
    }
  }
  return numbers;
}

bool would_hold_back(const Evidence& evidence) {
  const std::vector<const Group*> some = telling_groups(evidence);
  return may_delay(evidence.limits, evidence.environment, evidence.observations, some);
}

std::optional<Verification> verify_prompt(const Evidence& evidence) {
  if (depends_on_ends(evidence.limits)) return std::nullopt;
  Uncertainty uncertainty = uncertainty_of(evidence.limits);
  const bool delays = would_hold_back(evidence);
  uncertainty.decided_within = decision_times(evidence.observations, delays).front();
  Verification found = verify_with(evidence, uncertainty, Effort::quick);
  found.is_prompt = true;
  list_first_disagreements(evidence, found);
  return found;
}

Verification verify(const Evidence& evidence, Effort effort) {
  Verification found = verify_within(evidence, effort);
  const Duration window = longest_window(evidence.limits);
  if (effort == Effort::quick || found.findings.disagree == 0 || !found.depends_on_clock ||
      window == Duration()) {
    return found;
  }
  // The limiter may read another clock than the one that answers are dated by.
  Evidence anywhere = evidence;
  anywhere.offset = widened(evidence.offset, window);
  Verification other = verify_within(anywhere, effort);
  const bool explains = other.findings.disagree == 0 && other.why_inconclusive.empty();
  return explains ? other : found;
}

}  // namespace weir::oracle
