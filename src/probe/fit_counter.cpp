#include <algorithm>

#include "probe/window_search.hpp"

namespace weir::probe {

Fit fit_counter(const Clues& clues, Kind kind) {
  constexpr double shortest_ns = 1e8;
  constexpr double longest_ns = 1e11;
  WindowSearch search(clues, kind);
  const std::int64_t limit = least_before_denial(clues.histories);
  const auto span = static_cast<double>(search.longest_span_ns());
  const double longest = std::min(span * 1.5 + 2 * shortest_ns, longest_ns);
  if (is_of_epoch(kind)) {
    search.scan(limit, shortest_ns, longest, 0.02, 20);
  } else {
    search.scan(limit, shortest_ns, longest, 0.01, 1);
  }
  search.start_from_before(clues.before);
  return search.found();
}

}  // namespace weir::probe
