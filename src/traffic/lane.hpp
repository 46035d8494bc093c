#pragma once

#include <memory>
#include <vector>

#include "traffic/stream.hpp"

namespace weir::traffic {

/// All requests of some logical shards in time order; at one instant, in the order of the classes
/// and then of the shards.
class Lane {
 public:
  /// `block_rows` changes speed, never results.
  Lane(const Plan& plan, ShardSet shards, std::size_t block_rows = 1024);

  /// The next requests, or null at the end; valid until the next call.
  const RequestBlock* next();

 private:
  struct Source {
    std::unique_ptr<OperationStream> stream;
    RequestBlock block;
    std::size_t row = 0;
  };

  bool refill(Source& source);
  void append_head(Source& source);
  bool later(std::size_t a, std::size_t b) const;

  std::size_t block_rows_;
  std::vector<Source> sources_;
  // Indexes into sources_, a heap with the earliest head on top; only where there are several.
  std::vector<std::size_t> heap_;
  RequestBlock merged_;
};

}  // namespace weir::traffic
