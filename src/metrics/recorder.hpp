#pragma once

#include <cstdint>
#include <vector>

#include "core/columns.hpp"
#include "core/request.hpp"
#include "metrics/accumulator.hpp"

namespace weir::metrics {

/// How time is cut up for the record: what comes before `counted_from` is warm-up.
struct RecordClock {
  Instant counted_from;
  Duration series_interval;
  std::size_t series_points = 1;
  /// Into how many parts an interval is cut to tell how much was allowed in each; 0: that is not
  /// told.
  std::size_t parts = 0;
};

/// What one policy decided of a block of requests.
struct BlockDecisions {
  std::vector<std::uint8_t> allowed;
  std::vector<Duration> delay;
  /// Whether any admitted request is held back at all.
  bool any_delay = false;

  void resize(std::size_t rows) {
    allowed.resize(rows);
    delay.resize(rows);
  }
};

/// Adds decisions to an accumulator, a block at a time; what is kept by value ids is put under the
/// values' names by finish().
class Recorder {
 public:
  /// Attributes of at most `few_values` values have totals of their own.
  Recorder(const Columns& columns, std::size_t classes, RecordClock clock, std::size_t few_values,
           Accumulator& into);

  /// A block of which every request is an operation of its own that ends with its admission or its
  /// denial. Rows before `first` are not counted.
  void add(const RequestBlock& block, std::size_t first, const BlockDecisions& decisions);

  /// One attempt, at its row's instant; if it was denied, how long after it had been due the denial
  /// came. Nothing before the warm-up's end is counted, here and below.
  enum class Answer : std::uint8_t { denied, allowed, none };
  void attempt(const RequestBlock& block, std::size_t row, Answer answer, bool is_retry,
               Duration denied_after);
  /// An attempt that was counted as allowed has found the back end's queue full.
  void refused(const RequestBlock& block, std::size_t row);
  /// An admitted attempt has been answered: when it was due, when it was decided, and how much of
  /// the time in between limiters held it back.
  void answered(Instant due, Instant decided, Instant end, Duration held_back);

  void operation_began(std::uint16_t traffic_class, Instant due);
  void operation_tried(std::uint16_t traffic_class, Instant due, bool is_retry);
  enum class End { succeeded, abandoned, throttled, unfinished };
  void operation_ended(std::uint16_t traffic_class, Instant due, Instant end, End how);

  bool counts(Instant at) const { return at >= clock_.counted_from; }
  void finish();

 private:
  SeriesPoint& point_at(Instant at);
  /// Counts `change` more, or less, as allowed in the part of an interval that holds the instant.
  void add_to_part(Instant at, std::int32_t change);
  void add_interval(const RequestBlock& block, const BlockDecisions& decisions, std::size_t begin,
                    std::size_t end, std::size_t interval);
  /// Counts an operation that ended well in the interval in which it did, if the run has it.
  void add_success(Instant end);
  void add_classes(const RequestBlock& block, std::size_t first, const BlockDecisions& decisions);
  void add_attributes(const RequestBlock& block, std::size_t first,
                      const BlockDecisions& decisions);
  void add_costs(const RequestBlock& block, std::size_t first, const BlockDecisions& decisions);

  const Columns& columns_;
  RecordClock clock_;
  Accumulator& into_;
  // Per tracked column: twice the value's id, plus 1 if allowed.
  struct Tracked {
    std::size_t column;
    std::vector<std::uint64_t> counts;
    /// By id, those that ended in errors; empty as long as none did.
    std::vector<std::uint64_t> errors;
    std::uint64_t& error_of(ValueId id) {
      if (errors.empty()) errors.resize(counts.size() / 2);
      return errors[id];
    }
  };
  std::vector<Tracked> tracked_;
  std::vector<CostTotals> costs_;
  // By class; the totals are their sum.
  struct ClassCounts {
    Counts counts;
    Operations operations;
  };
  std::vector<ClassCounts> classes_;
  // The interval that point_at() found last, and where it begins and ends.
  std::size_t last_point_ = 0;
  Instant last_begin_ = Instant::max();
  Instant last_end_ = Instant::min();
};

}  // namespace weir::metrics
