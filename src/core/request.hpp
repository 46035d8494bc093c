#pragma once

#include <cstdint>
#include <vector>

#include "core/time.hpp"

namespace weir {

/// A dense number for one value of one attribute; see Dictionary.
using ValueId = std::uint32_t;

/// Requests in time order, column by column: attributes[a][row] is the id of attribute a's value,
/// costs[c][row] the request's cost c. Which column is which stands in a Columns.
struct RequestBlock {
  std::vector<Instant> at;
  std::vector<std::vector<ValueId>> attributes;
  std::vector<std::vector<std::int64_t>> costs;
  std::vector<std::uint16_t> traffic_class;
  /// Numbers a client's wish within its traffic class; every attempt at it has the same number.
  std::vector<std::uint64_t> operation;

  std::size_t size() const { return at.size(); }
};

}  // namespace weir
