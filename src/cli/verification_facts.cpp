#include "cli/verification_facts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/random.hpp"
#include "gateway/limit_gatekeeper.hpp"
#include "oracle/admitted_beyond.hpp"
#include "oracle/inconclusive.hpp"
#include "oracle/likeness.hpp"
#include "oracle/verify.hpp"

namespace weir::cli {
namespace {

using metrics::VerificationFacts;
using oracle::Evidence;
using oracle::Mark;
using oracle::Observation;

/// How many attempts of the key are told of that came before.
constexpr std::size_t most_before = 5;

std::string words_of(const Evidence& evidence) {
  std::string text;
  for (const policy::Limit& limit : evidence.limits) {
    if (!text.empty()) text += " and ";
    text += gateway::words_of({limit.spec, {}, limit.variants}, 0);
  }
  // As it stands in most configurations.
  constexpr std::string_view is_so = "=true";
  for (std::size_t at = text.find(is_so); at != text.npos; at = text.find(is_so)) {
    text.erase(at, is_so.size());
  }
  return text.empty() ? "no limit" : text;
}

const char* outcome_of(bool allowed) { return allowed ? "allowed" : "denied"; }

std::string expected_of(const Observation& observation, Mark mark) {
  if (mark == Mark::delay_too_short) return "allowed after a longer delay";
  if (mark == Mark::delay_too_long) return "allowed after a shorter delay";
  return outcome_of(!observation.allowed);
}

std::string before(const Evidence& evidence, std::uint32_t number) {
  for (const oracle::Group& group : evidence.groups) {
    const auto at = std::find(group.observations.begin(), group.observations.end(), number);
    if (at == group.observations.end()) continue;
    const auto count = static_cast<std::size_t>(at - group.observations.begin());
    const std::size_t told = std::min(count, most_before);
    std::string text;
    for (auto i = at - static_cast<std::ptrdiff_t>(told); i != at; ++i) {
      const Observation& earlier = evidence.observations[*i];
      const Duration ago = evidence.observations[number].sent - earlier.sent;
      text += fmt::format("{}{} {:.1f} ms before", text.empty() ? "" : ", ",
                          outcome_of(earlier.allowed), static_cast<double>(ago.ns()) / 1e6);
    }
    if (count == 0) return "its first request";
    return fmt::format("{} requests before it: {}{}", count, count > told ? "..., " : "", text);
  }
  return "";
}

/// What the gateway behaves like. Where only late decisions make the policy possible, another one
/// that explains all of them as made in time is what it enforces.
std::optional<oracle::Likeness> likeness_of(const Evidence& evidence, oracle::Verification& found) {
  if (found.findings.disagree > 0) return oracle::find_likeness(evidence, found);
  const bool is_open = oracle::is_too_open(found.findings.undetermined, found.decisions());
  if (!is_open && !found.takes_late) return std::nullopt;
  auto prompt = oracle::verify_prompt(evidence);
  if (!prompt || prompt->findings.disagree == 0) return std::nullopt;
  auto likeness = oracle::find_likeness(evidence, *prompt);
  if (!likeness || !likeness->settles) return std::nullopt;
  found = std::move(*prompt);
  return likeness;
}

/// Holds a wrong policy against the gateway's own clock, which what it behaves like has shown.
void judge_by_its_clock(const Evidence& evidence, std::optional<oracle::Likeness>& likeness,
                        oracle::Verification& found) {
  if (!likeness || !found.depends_on_clock) return;
  auto again = oracle::verify_by_its_clock(evidence, *likeness);
  if (!again) return;
  found = std::move(*again);
  if (found.findings.disagree == 0) likeness.reset();
}

}  // namespace

VerificationResult verification_of(oracle::LiveEvidence& gathered, bool pseudonyms) {
  const Evidence evidence = gathered.finish();
  oracle::Verification found = oracle::verify(evidence);
  auto likeness = likeness_of(evidence, found);
  judge_by_its_clock(evidence, likeness, found);
  const oracle::Findings& findings = found.findings;
  VerificationFacts facts;
  facts.believed = words_of(evidence);
  facts.counts = findings;
  facts.told_decides = evidence.limits.size() == 1;
  facts.depends_on_clock = found.depends_on_clock;
  facts.clock_tick = found.tick;
  for (const std::size_t limit : oracle::limits_not_reached(evidence, findings)) {
    facts.not_reached.push_back(evidence.limits[limit].spec.name);
  }
  std::optional<oracle::ClockOffset> offset = found.offset;
  if (likeness) {
    facts.behaves_like = likeness->words;
    if (found.depends_on_clock && (!offset || likeness->judged_with)) offset = likeness->offset;
    facts.replayed_beyond = oracle::admitted_beyond(evidence, found.judged_with);
  }
  if (offset) {
    facts.clock_offset = offset->middle();
    facts.clock_offset_error = offset->most - *facts.clock_offset;
  }
  for (const std::uint32_t number : found.first_disagreements) {
    const Observation& observation = evidence.observations[number];
    std::string key = gathered.key_of(number);
    if (pseudonyms) key = fmt::format("{:016x}", hash64(key));
    facts.first_disagreements.push_back(
        {.time = observation.sent,
         .key = std::move(key),
         .expected = expected_of(observation, findings.marks[number]),
         .observed = outcome_of(observation.allowed),
         .before = before(evidence, number)});
  }
  return {std::move(facts), found.why_inconclusive};
}

}  // namespace weir::cli
