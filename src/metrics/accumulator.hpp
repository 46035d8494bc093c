#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "metrics/histogram.hpp"

namespace weir::metrics {

/// How attempts ended.
struct Counts {
  std::uint64_t attempts = 0;
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  std::uint64_t errors = 0;

  bool operator==(const Counts&) const = default;
  Counts& operator+=(const Counts& other);
};

/// Clients' wishes, each of one or more attempts.
struct Operations {
  std::uint64_t count = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t abandoned = 0;
  bool operator==(const Operations&) const = default;
};

/// One cost, summed over attempts; sums end at the largest 64-bit number.
struct CostTotals {
  std::int64_t offered = 0;
  std::int64_t allowed = 0;
  std::int64_t denied = 0;
  bool operator==(const CostTotals&) const = default;
};

/// One limit: its own verdicts on the requests that it applied to, and what its states hold.
struct LimitTotals {
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  /// Distinct keys that it met, and the bytes of their states at the end.
  std::uint64_t keys = 0;
  std::uint64_t state_bytes = 0;
  bool operator==(const LimitTotals&) const = default;
};

/// A key that was denied: by which limit, how often, and for how long at a stretch (from the first
/// to the last of its denials that no admission by that limit came between).
struct DeniedKey {
  std::string key;
  std::uint32_t limit = 0;
  std::uint64_t denied = 0;
  std::int64_t longest_block_ns = 0;
  bool operator==(const DeniedKey&) const = default;
};

/// What happened in one interval of the series; the latency is that of allowed attempts.
struct SeriesPoint {
  std::uint64_t attempts = 0;
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  Histogram latency;
  bool operator==(const SeriesPoint&) const = default;
};

/// All that a run of one policy adds up: integers, maxima and histograms. Every report is a pure
/// function of the scenario and this; merging two is adding them, in any order.
struct Accumulator {
  Counts totals;
  Operations operations;
  /// By name of the cost.
  std::map<std::string, CostTotals> costs;
  /// In the order of the scenario's limits and classes.
  std::vector<LimitTotals> limits;
  std::vector<Counts> classes;
  /// by_attribute[attribute][value], for attributes of few values.
  std::map<std::string, std::map<std::string, Counts>> by_attribute;
  /// Keys denied at least once by an enforced limit (counted once per limit), and the
  /// `top_denied_kept` most denied of them, most denied first, then by limit and key.
  std::uint64_t denied_keys = 0;
  std::vector<DeniedKey> top_denied;
  Histogram latency_allowed;
  Histogram latency_denied;
  Histogram latency_operation;
  /// How long limiters held admitted requests back.
  Histogram delay;
  /// series[i] covers [i, i + 1) times the scenario's interval, from the end of the warm-up.
  std::vector<SeriesPoint> series;

  static constexpr std::size_t top_denied_kept = 20;

  bool operator==(const Accumulator&) const = default;
};

/// Adds `other` into `sum`: the same whichever way round and in whatever order. The denied keys of
/// the two are taken to be different ones, as they are where the keys of a run are split.
void merge(Accumulator& sum, const Accumulator& other);

/// Keeps `keys` in the order of Accumulator::top_denied and no longer than it may be.
void keep_top_denied(std::vector<DeniedKey>& keys);

}  // namespace weir::metrics
