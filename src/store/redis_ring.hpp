#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::store {

/// Consistent hashing: which of several nodes has a partition, such that another node takes keys
/// only for itself, and the keys of a lost one go to all others alike.
class RedisRing {
 public:
  explicit RedisRing(const std::vector<std::string>& node_names);

  std::size_t node_of(std::string_view partition) const;

 private:
  static constexpr int points_per_node = 160;

  /// Points on the ring and whose they are, in their order.
  std::vector<std::pair<std::uint64_t, std::uint32_t>> points_;
};

}  // namespace weir::store
