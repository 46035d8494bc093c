#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "store/redis_connection.hpp"
#include "store/redis_options.hpp"
#include "store/redis_plan.hpp"
#include "store/redis_ring.hpp"

namespace weir::store {

/// What all clients of a Redis store share.
struct RedisShared {
  RedisShared(RedisOptions given, RedisPlan planned);

  void count(RedisFailure failure) {
    failures[static_cast<std::size_t>(failure)].fetch_add(1, std::memory_order_relaxed);
  }

  RedisOptions options;
  RedisPlan plan;
  RedisRing ring;
  /// The scripts that the design runs.
  std::vector<const RedisScript*> scripts;
  /// Decides where Redis does not, if the options say so.
  std::unique_ptr<Store> local;
  std::array<std::atomic<std::uint64_t>, 6> failures{};
  std::atomic<std::uint64_t> decided_locally{0};
  /// Numbers clients, so that what they name is theirs alone.
  std::atomic<std::uint64_t> clients{0};
  /// Tells this store's names from those of other gateways.
  std::uint64_t identity = 0;
};

}  // namespace weir::store
