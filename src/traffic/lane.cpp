#include "traffic/lane.hpp"

#include <algorithm>

namespace weir::traffic {

Lane::Lane(const Plan& plan, ShardSet shards, std::size_t block_rows)
    : block_rows_(block_rows), merged_(empty_block(plan.columns())) {
  for (const ClassPlan& c : plan.classes()) {
    // Clients of the closed model send when they have been answered: no lane knows when.
    if (c.spec.clients) continue;
    if (!c.split) {
      sources_.push_back({make_routed_stream(plan, c, shards), empty_block(plan.columns())});
      continue;
    }
    for (std::uint32_t shard = 0; shard < logical_shards; ++shard) {
      if (!shards[shard] || c.split->mass[shard] <= 0.0) continue;
      sources_.push_back({make_split_stream(plan, c, shard), empty_block(plan.columns())});
    }
  }
  if (sources_.size() < 2) return;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (refill(sources_[i])) heap_.push_back(i);
  }
  std::make_heap(heap_.begin(), heap_.end(),
                 [this](std::size_t a, std::size_t b) { return later(a, b); });
}

bool Lane::refill(Source& source) {
  source.row = 0;
  return source.stream->fill(source.block, block_rows_);
}

bool Lane::later(std::size_t a, std::size_t b) const {
  const Instant at_a = sources_[a].block.at[sources_[a].row];
  const Instant at_b = sources_[b].block.at[sources_[b].row];
  return at_a != at_b ? at_a > at_b : a > b;
}

const RequestBlock* Lane::next() {
  if (sources_.empty()) return nullptr;
  if (sources_.size() == 1) return refill(sources_[0]) ? &sources_[0].block : nullptr;
  const auto order = [this](std::size_t a, std::size_t b) { return later(a, b); };
  merged_.at.clear();
  merged_.operation.clear();
  merged_.traffic_class.clear();
  for (auto& column : merged_.attributes) column.clear();
  for (auto& column : merged_.costs) column.clear();
  while (merged_.size() < block_rows_ && !heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), order);
    Source& source = sources_[heap_.back()];
    append_head(source);
    const bool more = ++source.row < source.block.size() || refill(source);
    if (more) {
      std::push_heap(heap_.begin(), heap_.end(), order);
    } else {
      heap_.pop_back();
    }
  }
  return merged_.size() > 0 ? &merged_ : nullptr;
}

void Lane::append_head(Source& source) {
  const RequestBlock& from = source.block;
  const std::size_t row = source.row;
  merged_.at.push_back(from.at[row]);
  merged_.operation.push_back(from.operation[row]);
  merged_.traffic_class.push_back(from.traffic_class[row]);
  for (std::size_t a = 0; a < from.attributes.size(); ++a) {
    merged_.attributes[a].push_back(from.attributes[a][row]);
  }
  for (std::size_t c = 0; c < from.costs.size(); ++c) {
    merged_.costs[c].push_back(from.costs[c][row]);
  }
}

}  // namespace weir::traffic
