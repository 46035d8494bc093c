#pragma once

#include <span>
#include <vector>

#include "oracle/observation.hpp"
#include "policy/policy.hpp"

namespace weir::oracle {

/// By limit, whether it holds what it admits until that has ended.
std::vector<bool> holding_limits(const std::vector<policy::Limit>& limits);

/// Whether it matters when requests end.
bool depends_on_ends(const std::vector<policy::Limit>& limits);

/// Notes with each observation what those limits can have said that hold requests until they end,
/// where others decide with them.
void note_holders(const std::vector<policy::Limit>& limits, std::span<const Group> groups,
                  const Uncertainty& uncertainty, std::vector<Observation>& observations);

}  // namespace weir::oracle
