#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/columns.hpp"
#include "core/random.hpp"
#include "core/result.hpp"
#include "traffic/alias_table.hpp"
#include "traffic/arrivals.hpp"
#include "traffic/spec.hpp"
#include "traffic/trace.hpp"

namespace weir::traffic {

/// What traffic is planned from.
struct PlanInput {
  std::vector<ClassSpec> classes;
  std::uint64_t seed = 1;
  std::optional<Instant> start;
  std::optional<Duration> duration;
  Duration warmup;
  /// The attributes whose values decide a request's logical shard.
  std::vector<std::string> partition;
  /// Attributes that somebody reads; those of at most `few_values` values are generated anyway.
  std::vector<std::string> wanted;
  bool all_wanted = false;
  std::size_t few_values = 20;
  TraceOptions trace_options;
};

/// Draws values of one attribute, as ids, in constant time.
class ValueSampler {
 public:
  ValueSampler() = default;
  /// Among the given ids, evenly where `weights` is empty.
  ValueSampler(std::vector<ValueId> ids, const std::vector<double>& weights);

  ValueId sample(std::uint64_t bits) const {
    const std::uint32_t k =
        even_ ? static_cast<std::uint32_t>((Uint128{bits} * count_) >> 64) : alias_.sample(bits);
    return ids_.empty() ? first_ + k : ids_[k];
  }

 private:
  AliasTable alias_;
  bool even_ = true;
  std::uint32_t count_ = 0;
  // Where the ids follow one another, the first of them; else all of them.
  ValueId first_ = 0;
  std::vector<ValueId> ids_;
};

/// Where one class gets one attribute's value from.
struct AttributePlan {
  enum class Source { constant, drawn, sequence, derived, trace };
  std::size_t column = 0;
  Source source = Source::constant;
  ValueId constant = 0;
  /// drawn and sequence: the id of value k of the distribution (k itself where empty); derived: the
  /// id for each id of the parent; trace: the id for each of the trace's own.
  std::vector<ValueId> ids;
  /// drawn: over all values, unless the class is split and this attribute decides the shard.
  ValueSampler sampler;
  RandomStream random{0};
  /// sequence: how many values.
  std::uint32_t count = 1;
  /// derived: the parent's column.
  std::size_t parent = 0;
  /// trace: which of the trace's attributes.
  std::size_t trace_attribute = 0;

  ValueId id_of(std::uint32_t k) const { return ids.empty() ? k : ids[k]; }
};

/// Where one class gets one cost from.
struct CostPlan {
  enum class Source { constant, drawn, drawn_by, trace };
  std::size_t column = 0;
  Source source = Source::constant;
  std::int64_t constant = 0;
  std::vector<NumberDistribution> distributions;
  /// drawn_by: the index of the distribution for each value of the attribute in that column.
  std::size_t by = 0;
  std::vector<std::uint32_t> distribution_of;
  RandomStream random{0};
  std::size_t trace_cost = 0;
};

/// How a Poisson class falls apart into one independent process a shard: each attribute that
/// decides the shard adds its value's residue, so that shard masses are cyclic convolutions.
struct SplitPlan {
  struct Root {
    /// Index into ClassPlan::attributes.
    std::size_t attribute = 0;
    ValueDistribution distribution;
    /// Which values k of the distribution have each residue, and their share of all.
    std::array<std::vector<std::uint32_t>, logical_shards> values;
    std::array<double, logical_shards> mass = {};
  };
  std::vector<Root> roots;
  /// The probability that a request of the class belongs to each shard.
  std::array<double, logical_shards> mass = {};
  /// residues[r][s] draws root r's residue when roots r and later must add up to s.
  std::vector<std::vector<AliasTable>> residues;
};

/// Draws a root's value among those of one residue.
ValueSampler sampler_of_residue(const SplitPlan::Root& root, const AttributePlan& attribute,
                                std::uint32_t residue);

/// One class, ready to be generated.
struct ClassPlan {
  ClassSpec spec;
  std::uint16_t index = 0;
  ActiveSpan span;
  RandomStream random{0};
  /// In an order in which parents come before what is derived from them.
  std::vector<AttributePlan> attributes;
  std::vector<CostPlan> costs;
  std::shared_ptr<const Trace> trace;
  /// Where the trace's first row falls in the run.
  Instant trace_origin;
  std::optional<SplitPlan> split;
};

/// The traffic of a run, compiled: which requests come is a pure function of the scenario's
/// classes, seed and partition, however the shards are put together into lanes.
class Plan {
 public:
  /// Reads the traces and builds every table. Problems point into the scenario.
  static tl::expected<Plan, Problems> make(PlanInput input);

  const Columns& columns() const { return columns_; }
  const std::vector<ClassPlan>& classes() const { return classes_; }
  /// The virtual clock begins at start(), requests count from counted_from() to before end().
  Instant start() const { return start_; }
  Instant counted_from() const { return start_ + warmup_; }
  Instant end() const { return end_; }

  /// Whether every class can be generated one shard at a time.
  bool splits() const;
  /// The values of an attribute that occur in one shard: all, unless it is the whole partition.
  std::pair<ValueId, ValueId> values_in_shard(std::size_t column, std::uint32_t shard) const;
  /// The columns of the partition, and the residue of each of their values.
  const std::vector<std::size_t>& partition() const { return partition_; }
  std::uint32_t residue(std::size_t column, ValueId id) const { return residues_[column][id]; }

 private:
  friend class PlanBuilder;

  Columns columns_;
  std::vector<ClassPlan> classes_;
  Instant start_, end_;
  Duration warmup_;
  std::vector<std::size_t> partition_;
  std::vector<std::vector<std::uint8_t>> residues_;
  // Where the partition is one attribute, its dictionary is arranged by shard: where each begins.
  std::vector<ValueId> shard_begins_;
};

}  // namespace weir::traffic
