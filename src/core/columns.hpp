#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dictionary.hpp"

namespace weir {

/// What the columns of a run's RequestBlocks are: attribute a is called dictionaries[a].attribute()
/// and has its values there; cost c is called costs[c]. The default cost is called "cost".
struct Columns {
  std::vector<Dictionary> dictionaries;
  std::vector<std::string> costs;

  std::optional<std::size_t> find_attribute(std::string_view name) const {
    for (std::size_t a = 0; a < dictionaries.size(); ++a) {
      if (dictionaries[a].attribute() == name) return a;
    }
    return std::nullopt;
  }
  std::optional<std::size_t> find_cost(std::string_view name) const {
    const auto found = std::find(costs.begin(), costs.end(), name);
    if (found == costs.end()) return std::nullopt;
    return static_cast<std::size_t>(found - costs.begin());
  }
};

/// The cost that a limit charges unless it names another.
inline constexpr std::string_view default_cost = "cost";

/// Logical shards of a run: see the partition in sim/.
inline constexpr std::uint32_t logical_shards = 64;

}  // namespace weir
