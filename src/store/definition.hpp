#pragma once

#include <string>
#include <vector>

#include "limiter/parameters.hpp"
#include "policy/spec.hpp"

namespace weir::store {

/// One limit of a policy as stores know it.
struct LimitDefinition {
  policy::LimitSpec spec;
  /// The attributes whose values make the text of a key: those of the limit's key, then those that
  /// its tables go by, since a state means something only under the parameters of its row.
  std::vector<std::string> state_key;
  /// The complete parameters of each row of its tables; one if it has none.
  std::vector<limiter::Parameters> variants;
};

/// A policy as stores know it.
struct Definition {
  std::vector<LimitDefinition> limits;
  /// The attributes that stand in every limit's key: what differs in them is never decided
  /// together.
  std::vector<std::string> partition;
};

}  // namespace weir::store
