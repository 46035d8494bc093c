#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "oracle/verify.hpp"

namespace weir::oracle {

/// What shows that a gateway holds back what its policy would let through at once.
struct HeldAnswers {
  /// By number, the observations that were held back.
  std::vector<std::uint32_t> held;
  /// How many of a key's requests that come together are let through before others wait.
  std::int64_t at_once = 0;
  /// Whether they were held back so exactly, and those that need not wait answered so soon, that no
  /// upstream which only serves as many as the policy lets through would look alike.
  bool is_sure = false;
};

/// Looks for admissions that were answered later by just as much as a queue of the policy's rate
/// would hold them back. None where the policy delays by itself, has several limits or no rate, or
/// where answers take as long as they do for other reasons.
std::optional<HeldAnswers> find_held_answers(const Evidence& evidence);

/// Counts those among the decisions that are not as the policy makes them.
void count_held(const HeldAnswers& answers, Findings& findings);

}  // namespace weir::oracle
