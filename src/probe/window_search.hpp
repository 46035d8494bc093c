#pragma once

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "probe/counter_replay.hpp"

namespace weir::probe {

/// Searches length and phase of windows for the setting that leaves the least unexplained.
class WindowSearch {
 public:
  WindowSearch(const Clues& clues, Kind kind);

  /// Tries lengths from one to another, each longer by a share, and so many phases of each.
  void scan(std::int64_t limit, double from_ns, double to_ns, double step, int phases);
  /// A start that need not be looked for.
  void start_from(std::int64_t limit, std::int64_t window_ns, std::int64_t phase_ns);
  /// From where a search for this kind ended when less was known.
  void start_from_before(const std::vector<Fit>& before);
  /// Moves all starts to where they explain the most, and makes a fit of the best.
  Fit found();
  /// The longest time from a key's first request to its last.
  std::int64_t longest_span_ns() const { return longest_span_ns_; }

 private:
  struct Start {
    Counter counter;
    double cost = 0.0;
    std::size_t unexplained = 0;
  };

  void refine();
  bool improve(Start& start, double step) const;
  void keep_best();
  std::pair<double, double> range() const;
  double furthest(Counter at, int sign) const;
  bool is_as_good(const Counter& near, double window_ns, Counter& found) const;
  double most_kept() const;
  void set(Counter& counter, double window_ns, double phase_share) const;

  Counted counted_;
  Kind kind_;
  std::int64_t longest_span_ns_ = 0;
  /// Phases are those of a window near the middle of what was seen, so that a window that is a
  /// little off shifts the others as little as possible.
  std::int64_t middle_ns_ = 0;
  std::vector<Start> starts_;
  std::vector<Start> given_;
  Counter best_;
  std::size_t fewest_ = 0;
};

}  // namespace weir::probe
