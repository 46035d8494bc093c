#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace weir {

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

/// What is known of a run before it begins.
struct RunFacts {
  /// Where the counted part of the run begins, how long it is, and how it is cut into a series.
  Instant start;
  Duration duration;
  Duration series_interval;
  /// Of the resolved scenario, trace hashes included.
  std::string scenario_sha256;
  std::vector<TraceFacts> traces;

  /// How many intervals the series has, at least one.
  std::size_t series_points() const {
    const std::int64_t step = series_interval.ns();
    const std::int64_t points = step > 0 ? (duration.ns() + step - 1) / step : 1;
    return points > 1 ? static_cast<std::size_t>(points) : 1;
  }
};

}  // namespace weir
