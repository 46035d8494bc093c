#pragma once

#include <vector>

#include "core/time.hpp"
#include "traffic/spec.hpp"

namespace weir::traffic {

/// The expected number of arrivals up to a time, of a rate that changes, and its inverse. Times are
/// nanoseconds from the class's beginning, as doubles; both functions never fall.
class RateCurve {
 public:
  explicit RateCurve(const RateProfile& profile);

  double units_at(double ns) const;
  /// Where the rate begins to add to `units`: where units_at() reaches it, or after the silence
  /// that follows; infinity where that never is. Calls in order of rising units are fast.
  double time_of(double units);

  /// Whether the rate never changes, and then the nanoseconds between units.
  bool is_constant() const { return pieces_.size() == 1 && pieces_[0].slope == 0.0 && !sine_; }
  double constant_gap_ns() const { return 1.0 / pieces_[0].rate; }

 private:
  // From `begin` the rate is rate + slope (t - begin), in units a nanosecond.
  struct Piece {
    double begin, units_before, rate, slope;
  };
  struct Sine {
    double mean, amplitude, period;
  };

  double sine_units(double ns) const;
  double sine_time(double units);
  void add_piece(double begin, double rate, double slope);

  std::vector<Piece> pieces_;
  std::size_t current_ = 0;
  Sine sine_values_ = {};
  bool sine_ = false;
};

}  // namespace weir::traffic
