#include "oracle/held_bounds.hpp"

#include <algorithm>

namespace weir::oracle {

std::vector<HeldBounds> held_when_decided(std::span<const Holding> requests) {
  std::vector<HeldBounds> bounds(requests.size());
  std::vector<std::size_t> holding;
  for (std::size_t j = 0; j < requests.size(); ++j) {
    const TimeSpan decided = requests[j].decided;
    std::erase_if(holding, [&](std::size_t i) { return requests[i].released.to < decided.from; });
    for (const std::size_t i : holding) {
      const Holding& other = requests[i];
      bounds[j].most += other.cost;
      const bool is_sure = other.decided.to < decided.from && other.released.from > decided.to;
      bounds[j].least += is_sure ? other.cost : 0;
    }
    for (std::size_t i = j + 1; i < requests.size(); ++i) {
      if (requests[i].decided.from > decided.to) break;
      bounds[j].most += requests[i].allowed ? requests[i].cost : 0;
    }
    if (requests[j].allowed) holding.push_back(j);
  }
  return bounds;
}

}  // namespace weir::oracle
