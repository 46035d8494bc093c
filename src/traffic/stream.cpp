#include "traffic/stream.hpp"

#include <algorithm>
#include <numeric>

#include "traffic/arrivals.hpp"
#include "traffic/closed_operations.hpp"
#include "traffic/number_sampler.hpp"
#include "traffic/trace_timing.hpp"

namespace weir::traffic {
namespace {

void resize(RequestBlock& block, std::size_t rows) {
  block.at.resize(rows);
  block.traffic_class.resize(rows);
  block.operation.resize(rows);
  for (auto& column : block.attributes) column.resize(rows);
  for (auto& column : block.costs) column.resize(rows);
}

void fill_cost(const CostPlan& cost, RequestBlock& block) {
  std::vector<std::int64_t>& out = block.costs[cost.column];
  switch (cost.source) {
    case CostPlan::Source::constant:
      std::fill(out.begin(), out.end(), cost.constant);
      break;
    case CostPlan::Source::drawn:
      draw_whole_numbers(cost.distributions[0], cost.random, block.operation, out.data());
      break;
    case CostPlan::Source::drawn_by: {
      const std::vector<ValueId>& by = block.attributes[cost.by];
      for (std::size_t i = 0; i < out.size(); ++i) {
        const NumberDistribution& d = cost.distributions[cost.distribution_of[by[i]]];
        out[i] = to_whole_number(draw_number(d, cost.random, block.operation[i]));
      }
      break;
    }
    case CostPlan::Source::trace:
      break;  // filled by the trace's own stream
  }
}

void fill_attribute(const AttributePlan& a, RequestBlock& block) {
  std::vector<ValueId>& out = block.attributes[a.column];
  const std::vector<std::uint64_t>& operation = block.operation;
  switch (a.source) {
    case AttributePlan::Source::constant:
      std::fill(out.begin(), out.end(), a.constant);
      break;
    case AttributePlan::Source::drawn:
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = a.sampler.sample(a.random.bits(operation[i]));
      }
      break;
    case AttributePlan::Source::sequence:
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = a.id_of(static_cast<std::uint32_t>(operation[i] % a.count));
      }
      break;
    case AttributePlan::Source::derived: {
      const std::vector<ValueId>& parent = block.attributes[a.parent];
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = a.ids[parent[i]];
      break;
    }
    case AttributePlan::Source::trace:
      break;  // filled by the trace's own stream
  }
}

/// One shard of a Poisson class: its roots are drawn so that their residues add up to the shard.
class SplitStream final : public OperationStream {
 public:
  SplitStream(const Plan&, const ClassPlan& c, std::uint32_t shard)
      : class_(c), split_(*c.split), shard_(shard), residue_random_(c.random.named("residues")) {
    const double share = split_.mass[shard];
    if (share > 0.0) {
      arrivals_ = make_arrivals(*c.spec.arrivals, share, c.span,
                                c.random.named("arrivals").numbered(shard));
    }
    for (std::size_t r = 0; r < split_.roots.size(); ++r) make_samplers(r);
  }

  bool fill(RequestBlock& block, std::size_t rows) override {
    if (!arrivals_) return false;
    resize(block, rows);
    const std::size_t n = arrivals_->next(block.at.data(), rows);
    if (n == 0) return false;
    if (n < rows) resize(block, n);
    std::fill(block.traffic_class.begin(), block.traffic_class.end(), class_.index);
    for (std::size_t i = 0; i < n; ++i) {
      block.operation[i] = (drawn_ + i) * logical_shards + shard_;
    }
    drawn_ += n;
    draw_roots(block);
    for (std::size_t a = 0; a < class_.attributes.size(); ++a) {
      if (!is_root(a)) fill_attribute(class_.attributes[a], block);
    }
    for (const CostPlan& cost : class_.costs) fill_cost(cost, block);
    return true;
  }

 private:
  void make_samplers(std::size_t r) {
    const SplitPlan::Root& root = split_.roots[r];
    const AttributePlan& a = class_.attributes[root.attribute];
    samplers_.emplace_back(logical_shards);
    for (std::uint32_t s = 0; s < logical_shards; ++s) {
      if (root.mass[s] > 0.0 && (split_.roots.size() > 1 || s == shard_)) {
        samplers_[r][s] = sampler_of_residue(root, a, s);
      }
    }
  }

  bool is_root(std::size_t attribute) const {
    return std::any_of(split_.roots.begin(), split_.roots.end(),
                       [&](const SplitPlan::Root& r) { return r.attribute == attribute; });
  }

  void draw_roots(RequestBlock& block) const {
    if (split_.roots.size() == 1) {
      const AttributePlan& a = class_.attributes[split_.roots[0].attribute];
      const ValueSampler& sampler = samplers_[0][shard_];
      std::vector<ValueId>& out = block.attributes[a.column];
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = sampler.sample(a.random.bits(block.operation[i]));
      }
      return;
    }
    for (std::size_t i = 0; i < block.size(); ++i) draw_roots_of_row(block, i);
  }

  void draw_roots_of_row(RequestBlock& block, std::size_t row) const {
    const std::uint64_t operation = block.operation[row];
    std::uint32_t left = shard_;
    for (std::size_t r = 0; r < split_.roots.size(); ++r) {
      const AttributePlan& a = class_.attributes[split_.roots[r].attribute];
      const std::uint64_t bits = residue_random_.numbered(r).bits(operation);
      const std::uint32_t residue = split_.residues[r][left].sample(bits);
      block.attributes[a.column][row] = samplers_[r][residue].sample(a.random.bits(operation));
      left = (left + logical_shards - residue) % logical_shards;
    }
  }

  const ClassPlan& class_;
  const SplitPlan& split_;
  std::uint32_t shard_;
  RandomStream residue_random_;
  std::unique_ptr<ArrivalProcess> arrivals_;
  // samplers_[root][residue]
  std::vector<std::vector<ValueSampler>> samplers_;
  std::uint64_t drawn_ = 0;
};

void keep_row(RequestBlock& block, std::size_t from, std::size_t to) {
  block.at[to] = block.at[from];
  block.traffic_class[to] = block.traffic_class[from];
  block.operation[to] = block.operation[from];
  for (auto& column : block.attributes) column[to] = column[from];
  for (auto& column : block.costs) column[to] = column[from];
}

/// Drops the requests of other shards.
class ShardFilter {
 public:
  ShardFilter(const Plan& plan, ShardSet shards) : plan_(plan), shards_(shards) {}

  void apply(RequestBlock& block) const {
    if (shards_.all()) return;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < block.size(); ++i) {
      std::uint32_t shard = 0;
      for (const std::size_t column : plan_.partition()) {
        shard += plan_.residue(column, block.attributes[column][i]);
      }
      if (shards_[shard % logical_shards]) keep_row(block, i, kept++);
    }
    resize(block, kept);
  }

 private:
  const Plan& plan_;
  ShardSet shards_;
};

/// A class generated whole, as one indexed stream, of which each lane keeps its own shards.
class IndexedStream final : public OperationStream {
 public:
  IndexedStream(const Plan& plan, const ClassPlan& c, ShardSet shards)
      : class_(c),
        filter_(plan, shards),
        arrivals_(make_arrivals(*c.spec.arrivals, 1.0, c.span, c.random.named("arrivals"))) {}

  bool fill(RequestBlock& block, std::size_t rows) override {
    for (;;) {
      resize(block, rows);
      const std::size_t n = arrivals_->next(block.at.data(), rows);
      if (n == 0) return false;
      resize(block, n);
      std::fill(block.traffic_class.begin(), block.traffic_class.end(), class_.index);
      std::iota(block.operation.begin(), block.operation.end(), drawn_);
      drawn_ += n;
      for (const AttributePlan& a : class_.attributes) fill_attribute(a, block);
      filter_.apply(block);
      for (const CostPlan& cost : class_.costs) fill_cost(cost, block);
      if (block.size() > 0) return true;
    }
  }

 private:
  const ClassPlan& class_;
  ShardFilter filter_;
  std::unique_ptr<ArrivalProcess> arrivals_;
  std::uint64_t drawn_ = 0;
};

/// A recorded class: repetition after repetition, each sorted anew if its rows are spread.
class TraceStream final : public OperationStream {
 public:
  TraceStream(const Plan& plan, const ClassPlan& c, ShardSet shards)
      : class_(c),
        trace_(*c.trace),
        timing_(*c.spec.trace, *c.trace),
        filter_(plan, shards),
        spread_random_(c.random.named("spread")) {}

  bool fill(RequestBlock& block, std::size_t rows) override {
    for (;;) {
      collect(rows);
      if (picked_.empty()) return false;
      resize(block, picked_.size());
      for (std::size_t i = 0; i < picked_.size(); ++i) {
        block.at[i] = picked_[i].at;
        block.operation[i] = picked_[i].operation;
      }
      std::fill(block.traffic_class.begin(), block.traffic_class.end(), class_.index);
      fill_recorded(block);
      for (const AttributePlan& a : class_.attributes) fill_attribute(a, block);
      for (const CostPlan& cost : class_.costs) fill_cost(cost, block);
      filter_.apply(block);
      if (block.size() > 0) return true;
    }
  }

 private:
  struct Row {
    Instant at;
    std::uint64_t operation;
  };

  std::size_t row_of(const Row& row) const { return row.operation % trace_.size(); }

  void fill_recorded(RequestBlock& block) const {
    for (const AttributePlan& a : class_.attributes) {
      if (a.source != AttributePlan::Source::trace) continue;
      const std::vector<ValueId>& recorded = trace_.attributes[a.trace_attribute].ids;
      for (std::size_t i = 0; i < picked_.size(); ++i) {
        block.attributes[a.column][i] = a.ids[recorded[row_of(picked_[i])]];
      }
    }
    for (const CostPlan& cost : class_.costs) {
      if (cost.source != CostPlan::Source::trace) continue;
      const std::vector<std::int64_t>& recorded = trace_.costs[cost.trace_cost].amounts;
      for (std::size_t i = 0; i < picked_.size(); ++i) {
        block.costs[cost.column][i] = recorded[row_of(picked_[i])];
      }
    }
  }

  // The next rows within the class's span.
  void collect(std::size_t rows) {
    picked_.clear();
    while (picked_.size() < rows) {
      if (next_ == repetition_.size() && !begin_repetition()) return;
      const Row row = repetition_[next_++];
      if (row.at >= class_.span.end) {
        // Repetitions do not overlap, so nothing that comes later can be earlier.
        ended_ = true;
        next_ = repetition_.size();
        return;
      }
      if (row.at >= class_.span.begin) picked_.push_back(row);
    }
  }

  bool begin_repetition() {
    if (ended_ || repetitions_ == class_.spec.trace->repeat) return false;
    const Instant origin = class_.trace_origin + timing_.period() * repetitions_;
    const auto first = static_cast<std::uint64_t>(repetitions_) * trace_.size();
    repetition_.resize(trace_.size());
    for (std::size_t row = 0; row < trace_.size(); ++row) {
      const std::uint64_t operation = first + row;
      repetition_[row] = {origin + timing_.offset(row) + spread_of(operation), operation};
    }
    if (class_.spec.trace->spread > Duration()) {
      std::stable_sort(repetition_.begin(), repetition_.end(),
                       [](const Row& a, const Row& b) { return a.at < b.at; });
    }
    next_ = 0;
    ++repetitions_;
    return true;
  }

  Duration spread_of(std::uint64_t operation) const {
    const auto range = static_cast<std::uint64_t>(class_.spec.trace->spread.ns());
    if (range == 0) return Duration();
    return Duration::from_ns(static_cast<std::int64_t>(spread_random_.below(operation, range)));
  }

  const ClassPlan& class_;
  const Trace& trace_;
  TraceTiming timing_;
  ShardFilter filter_;
  RandomStream spread_random_;
  std::vector<Row> repetition_;
  std::vector<Row> picked_;
  std::size_t next_ = 0;
  std::int64_t repetitions_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<OperationStream> make_split_stream(const Plan& plan, const ClassPlan& c,
                                                   std::uint32_t shard) {
  return std::make_unique<SplitStream>(plan, c, shard);
}

std::unique_ptr<OperationStream> make_routed_stream(const Plan& plan, const ClassPlan& c,
                                                    ShardSet shards) {
  if (c.trace) return std::make_unique<TraceStream>(plan, c, shards);
  return std::make_unique<IndexedStream>(plan, c, shards);
}

ClosedOperations::ClosedOperations(const Plan& plan, const ClassPlan& c)
    : class_(c), block_(empty_block(plan.columns())) {
  resize(block_, 1);
  block_.traffic_class[0] = c.index;
}

const RequestBlock& ClosedOperations::make(std::uint64_t operation, Instant at) {
  block_.at[0] = at;
  block_.operation[0] = operation;
  for (const AttributePlan& a : class_.attributes) fill_attribute(a, block_);
  for (const CostPlan& cost : class_.costs) fill_cost(cost, block_);
  return block_;
}

RequestBlock empty_block(const Columns& columns) {
  RequestBlock block;
  block.attributes.resize(columns.dictionaries.size());
  block.costs.resize(columns.costs.size());
  return block;
}

}  // namespace weir::traffic
