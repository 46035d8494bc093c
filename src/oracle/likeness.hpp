#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "oracle/verify.hpp"

namespace weir::oracle {

/// What a gateway behaves like that does not enforce the policy which it was believed to.
struct Likeness {
  /// "a burst of 21", or another algorithm with its parameters.
  std::string words;
  /// How many decisions it does not explain either.
  std::uint64_t disagree = 0;
  /// Whether it explains all decisions, and leaves few of them open.
  bool settles = false;
  /// Of the gateway's clock, if it is that and the decisions show it.
  std::optional<ClockOffset> offset;
  /// Of the gateway's clock, where it settles with that, shown or not.
  std::optional<ClockOffset> judged_with;
};

/// Of the policies near the one that was believed, the one that explains all of the decisions, or
/// clearly most; none where the policy explains them itself, or nothing near it does.
std::optional<Likeness> find_likeness(const Evidence& evidence, const Verification& found);

/// The policy, judged by the clock that the gateway has if it is like that: a wrong policy seems
/// the least wrong with a clock that is not the gateway's. None where no clock is known by it.
std::optional<Verification> verify_by_its_clock(const Evidence& evidence, const Likeness& likeness);

}  // namespace weir::oracle
