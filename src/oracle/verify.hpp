#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "oracle/clock_offset.hpp"
#include "oracle/judge.hpp"
#include "oracle/observation.hpp"
#include "policy/policy.hpp"

namespace weir::oracle {

/// Something that requests have in common, which a gateway may tell them apart by.
struct Trait {
  std::string name;
  /// By observation.
  std::vector<std::uint32_t> values;
  /// Whether it is part of the only limit's key.
  bool is_in_key = false;
};

/// What was observed of a gateway, and the policy that it is believed to enforce.
struct Evidence {
  std::vector<policy::Limit> limits;
  limiter::Environment environment;
  std::vector<Observation> observations;
  std::vector<Group> groups;
  std::vector<Trait> traits;
  /// Within which the difference of the clocks is known to lie.
  ClockOffset offset;
};

/// What a comparison of decisions with a model has found.
struct Verification {
  Findings findings;
  /// Whether decisions depend on what the gateway's clock shows.
  bool depends_on_clock = false;
  /// Absent where none does, and where they do not show it.
  std::optional<ClockOffset> offset;
  /// The one that decisions were judged with, where they depend on it.
  ClockOffset judged_with;
  /// How far the ticks of the gateway's clock are apart, where they were found.
  std::optional<Duration> tick;
  /// By number, the first observations that no state of the model explains.
  std::vector<std::uint32_t> first_disagreements;
  /// Why it says nothing, or empty.
  std::string why_inconclusive;
  /// Whether it took every decision for made as soon as nearly all denials were; otherwise, whether
  /// only later ones explain what was observed.
  bool is_prompt = false;
  bool takes_late = false;

  std::uint64_t decisions() const {
    return findings.agree + findings.disagree + findings.undetermined;
  }
};

/// How many disagreements are told of.
inline constexpr std::size_t most_disagreements_told = 10;

/// How far is looked for an explanation: whether none is said to be possible only once all that may
/// be have been refuted, or once those that are likely have been.
enum class Effort { thorough, quick };

Verification verify(const Evidence& evidence, Effort effort = Effort::thorough);

/// By number, of several limits those of which nothing is said, since no decision came near them.
/// Of those that hold requests until they end that is not known.
std::vector<std::size_t> limits_not_reached(const Evidence& evidence, const Findings& findings);

/// As if every decision had been made as soon as nearly all denials were: what disagrees then may
/// also have been late. Not where it matters when requests end.
std::optional<Verification> verify_prompt(const Evidence& evidence);

/// Whether the policy would hold some of what was sent back.
bool would_hold_back(const Evidence& evidence);

}  // namespace weir::oracle
