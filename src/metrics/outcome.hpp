#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "metrics/accumulator.hpp"

namespace weir::metrics {

/// What is known of a trace that was replayed.
struct TraceFacts {
  std::string traffic_class;
  std::uint64_t rows = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t bad_rows = 0;
  /// Each row was moved by a seeded draw from [0, spread); 0 where rows stayed in place.
  std::int64_t spread_ns = 0;
  std::string sha256;
};

struct PolicyOutcome {
  /// Empty for a scenario's only, unnamed policy.
  std::string name;
  Accumulator accumulator;
};

/// All that a report is made of besides the scenario itself.
struct Outcome {
  /// "simulate", later also "load", "verify", ...
  std::string mode;
  /// Where the counted part of the run begins, how long it is, and how it is cut into a series.
  Instant start;
  Duration duration;
  Duration series_interval;
  /// Of the resolved scenario, trace hashes included.
  std::string scenario_sha256;
  std::vector<TraceFacts> traces;
  std::vector<PolicyOutcome> policies;
  /// The run was stopped before its end; what had been done by then is counted, and
  /// `done_parts_per_million` says how much that was.
  bool interrupted = false;
  std::uint32_t done_parts_per_million = 1'000'000;
};

}  // namespace weir::metrics
