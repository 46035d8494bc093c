#pragma once

#include <cstdint>
#include <optional>

#include "oracle/verify.hpp"

namespace weir::oracle {

/// The truth of what answers told where several limits hold.
struct ToldOfSeveral {
  /// By number, the limit whose allowance they tell; absent where that is the one with the least
  /// left, or the one that denied.
  std::optional<std::uint16_t> limit;
  metrics::VerificationCounts::Told remaining;
  metrics::VerificationCounts::Told reset_after;
  /// True where no limit denies after it.
  metrics::VerificationCounts::Told retry_after;
};

/// Compares what answers told with what each of several limits may have had to tell; the allowance
/// is taken for that of the limit which contradicts the fewest answers. Absent where it cannot be
/// said: of limits that hold requests until they end, or charge what is known only then.
std::optional<ToldOfSeveral> judge_told_of_several(const Evidence& evidence,
                                                   const Verification& verification);

}  // namespace weir::oracle
