#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace weir::probe {

/// Instants that are counted very often, for a search tries many windows: a table of even steps
/// says where among them to look, which takes a third of a binary search's time.
class SortedInstants {
 public:
  void add(std::int64_t at) { values_.push_back(at); }
  /// Once all were added.
  void sort();

  /// How many are at `at` or earlier.
  std::int64_t up_to(std::int64_t at) const {
    if (values_.empty() || at < values_.front()) return 0;
    if (at >= values_.back()) return static_cast<std::int64_t>(values_.size());
    std::size_t count = steps_[static_cast<std::size_t>((at - values_.front()) >> shift_)];
    while (values_[count] <= at) ++count;
    return static_cast<std::int64_t>(count);
  }
  std::int64_t before(std::int64_t at) const {
    return at == std::numeric_limits<std::int64_t>::min() ? 0 : up_to(at - 1);
  }

 private:
  std::vector<std::int64_t> values_;
  /// How many lie before each step, which is 2^shift nanoseconds long.
  std::vector<std::uint32_t> steps_;
  int shift_ = 0;
};

inline void SortedInstants::sort() {
  constexpr std::int64_t steps_each = 8;
  std::sort(values_.begin(), values_.end());
  if (values_.empty()) return;
  const std::int64_t span = values_.back() - values_.front();
  const auto most_steps = steps_each * static_cast<std::int64_t>(values_.size());
  while ((span >> shift_) >= most_steps) ++shift_;
  steps_.assign(static_cast<std::size_t>(span >> shift_) + 1, 0);
  std::uint32_t count = 0;
  for (std::size_t step = 0; step < steps_.size(); ++step) {
    const std::int64_t begin = values_.front() + (static_cast<std::int64_t>(step) << shift_);
    while (count < values_.size() && values_[count] < begin) ++count;
    steps_[step] = count;
  }
}

}  // namespace weir::probe
