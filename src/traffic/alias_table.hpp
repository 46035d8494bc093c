#pragma once

#include <cstdint>
#include <vector>

#include "core/int128.hpp"

namespace weir::traffic {

/// Draws an index with given weights in constant time and one memory access (Walker's alias method,
/// built as by Vose). 8 bytes an index.
class AliasTable {
 public:
  AliasTable() = default;
  /// Weights are not negative, finite, and not all 0; at most 2^32 - 1 of them.
  explicit AliasTable(const std::vector<double>& weights);

  std::uint32_t size() const { return static_cast<std::uint32_t>(cells_.size()); }

  /// The index that 64 random bits stand for: their product with the size has the cell above and a
  /// fresh fraction below.
  std::uint32_t sample(std::uint64_t bits) const {
    const Uint128 product = Uint128{bits} * cells_.size();
    const auto index = static_cast<std::uint32_t>(product >> 64);
    const auto fraction = static_cast<std::uint32_t>(static_cast<std::uint64_t>(product) >> 32);
    const Cell cell = cells_[index];
    return fraction < cell.threshold ? index : cell.alias;
  }

 private:
  struct Cell {
    /// Of 2^32: below it the cell's own index is drawn, else the alias.
    std::uint32_t threshold;
    std::uint32_t alias;
  };
  std::vector<Cell> cells_;
};

}  // namespace weir::traffic
