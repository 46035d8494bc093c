#pragma once

#include <cstdint>
#include <vector>

#include "core/columns.hpp"
#include "core/request.hpp"
#include "metrics/accumulator.hpp"

namespace weir::sim {

/// How time is cut up for the record: what comes before `counted_from` is warm-up.
struct RecordClock {
  Instant counted_from;
  Duration series_interval;
  std::size_t series_points = 1;
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
           metrics::Accumulator& into);

  /// Rows before `first` are not counted.
  void add(const RequestBlock& block, std::size_t first, const BlockDecisions& decisions);
  void finish();

 private:
  void add_interval(const BlockDecisions& decisions, std::size_t begin, std::size_t end,
                    std::size_t interval);
  void add_classes(const RequestBlock& block, std::size_t first, const BlockDecisions& decisions);
  void add_attributes(const RequestBlock& block, std::size_t first,
                      const BlockDecisions& decisions);
  void add_costs(const RequestBlock& block, std::size_t first, const BlockDecisions& decisions);

  const Columns& columns_;
  RecordClock clock_;
  metrics::Accumulator& into_;
  // Per tracked column: twice the value's id, plus 1 if allowed.
  struct Tracked {
    std::size_t column;
    std::vector<std::uint64_t> counts;
  };
  std::vector<Tracked> tracked_;
  std::vector<metrics::CostTotals> costs_;
};

}  // namespace weir::sim
