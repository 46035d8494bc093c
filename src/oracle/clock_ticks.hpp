#pragma once

#include <optional>
#include <span>
#include <vector>

#include "oracle/judge.hpp"

namespace weir::oracle {

/// How far what the limits' clocks show may be from the gateway's own time, wherever their ticks
/// are.
Uncertainty uncertainty_of(const std::vector<policy::Limit>& limits);

/// How far the ticks of a gateway's clock are apart, and what is found with them.
struct FoundTicks {
  Duration tick;
  Findings findings;
};

/// Looks for the ticks of the gateway's clock from its decisions: where they are known less is too
/// close to call. They are believed only if they explain everything that was explained `without`.
std::optional<FoundTicks> find_ticks(const std::vector<policy::Limit>& limits, Judge& judge,
                                     std::span<const Group* const> all,
                                     std::span<const Group* const> some, Uncertainty uncertainty,
                                     const Findings& without);

}  // namespace weir::oracle
