#include "store/redis_ring.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/random.hpp"

namespace weir::store {

RedisRing::RedisRing(const std::vector<std::string>& node_names) {
  for (std::uint32_t node = 0; node < node_names.size(); ++node) {
    for (int point = 0; point < points_per_node; ++point) {
      points_.emplace_back(hash64(fmt::format("{}#{}", node_names[node], point)), node);
    }
  }
  std::sort(points_.begin(), points_.end());
}

std::size_t RedisRing::node_of(std::string_view partition) const {
  const std::uint64_t at = hash64(partition);
  const auto next = std::partition_point(points_.begin(), points_.end(),
                                         [at](const auto& point) { return point.first < at; });
  return next == points_.end() ? points_.front().second : next->second;
}

}  // namespace weir::store
