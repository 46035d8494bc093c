#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/request.hpp"
#include "core/shard.hpp"
#include "traffic/plan.hpp"

namespace weir::traffic {

/// Some of the logical shards.
using ShardSet = std::bitset<logical_shards>;

/// Those of a part of a run, or all.
inline ShardSet shards_of(const std::optional<Shard>& part) {
  ShardSet shards;
  for (std::uint32_t shard = 0; shard < logical_shards; ++shard) {
    shards[shard] = !part || part->takes(shard);
  }
  return shards;
}

/// Fills blocks with the requests of one class in time order. Each operation's draws are a function
/// of its number alone, so that neither the block size nor what else is generated matters.
class OperationStream {
 public:
  virtual ~OperationStream() = default;
  /// Replaces the block by the next requests, at most `rows`; false at the end.
  virtual bool fill(RequestBlock& block, std::size_t rows) = 0;
};

/// One shard of a class that splits.
std::unique_ptr<OperationStream> make_split_stream(const Plan& plan, const ClassPlan& c,
                                                   std::uint32_t shard);

/// Those requests of any other class that belong to the given shards.
std::unique_ptr<OperationStream> make_routed_stream(const Plan& plan, const ClassPlan& c,
                                                    ShardSet shards);

/// An empty block with the plan's columns.
RequestBlock empty_block(const Columns& columns);

}  // namespace weir::traffic
