#pragma once

#include <cstdint>
#include <optional>

#include "core/time.hpp"
#include "traffic/spec.hpp"
#include "traffic/trace.hpp"

namespace weir::traffic {

/// When the rows of a replayed trace come, counted from its first row: speed, repetitions, spread.
class TraceTiming {
 public:
  TraceTiming(const TraceSpec& spec, const Trace& trace);

  /// Of a row in the first repetition, before it is spread.
  Duration offset(std::size_t row) const;
  /// Between one repetition's first row and the next one's: the trace's own length and one average
  /// gap (or the spread, if that is longer), so that repetitions do not run into each other.
  Duration period() const { return period_; }
  /// From the first row to the last instant at which a row of the last repetition can come; none
  /// where that is longer than ten years.
  std::optional<Duration> length() const;

 private:
  const Trace& trace_;
  double speed_;
  std::int64_t repeat_;
  Duration spread_;
  Duration period_;
};

}  // namespace weir::traffic
