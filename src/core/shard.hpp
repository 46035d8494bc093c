#pragma once

#include <cstdint>

#include "core/columns.hpp"

namespace weir {

/// One of `count` parts of a run, from 1: the logical shards congruent to index - 1.
struct Shard {
  std::uint32_t index = 1;
  std::uint32_t count = 1;

  bool takes(std::uint32_t logical_shard) const { return logical_shard % count == index - 1; }
  bool operator==(const Shard&) const = default;
};

}  // namespace weir
