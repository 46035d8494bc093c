#include "traffic/alias_table.hpp"

#include <numeric>

namespace weir::traffic {
namespace {

std::uint32_t threshold_of(double share) {
  constexpr double scale = 4294967296.0;
  const double scaled = share * scale;
  return scaled >= scale ? 0xffffffffU : static_cast<std::uint32_t>(scaled);
}

}  // namespace

AliasTable::AliasTable(const std::vector<double>& weights) : cells_(weights.size()) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double scale = static_cast<double>(weights.size()) / total;
  std::vector<double> share(weights.size());
  std::vector<std::uint32_t> small, large;
  for (std::uint32_t i = 0; i < size(); ++i) {
    share[i] = weights[i] * scale;
    (share[i] < 1.0 ? small : large).push_back(i);
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t poor = small.back(), rich = large.back();
    small.pop_back();
    cells_[poor] = {threshold_of(share[poor]), rich};
    share[rich] -= 1.0 - share[poor];
    if (share[rich] < 1.0) {
      large.pop_back();
      small.push_back(rich);
    }
  }
  // What is left is full but for rounding; an alias to itself makes it exactly full.
  for (const std::uint32_t i : large) cells_[i] = {0xffffffffU, i};
  for (const std::uint32_t i : small) cells_[i] = {0xffffffffU, i};
}

}  // namespace weir::traffic
