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
};

/// Of the policies near the one that was believed, the one that explains all of the decisions, or
/// clearly most; none where the policy explains them itself, or nothing near it does.
std::optional<Likeness> find_likeness(const Evidence& evidence, const Verification& found);

}  // namespace weir::oracle
