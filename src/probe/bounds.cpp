#include "probe/bounds.hpp"

#include <algorithm>

namespace weir::probe {

Bounds::Best Bounds::best(double least, double most) const {
  // On (edges[i], edges[i + 1]] the same bounds are broken.
  std::vector<double> edges = {least, most};
  std::vector<double> lower, upper;
  for (const Bound& bound : lower_) lower.push_back(bound.value);
  for (const Bound& bound : upper_) upper.push_back(bound.value);
  std::sort(lower.begin(), lower.end());
  std::sort(upper.begin(), upper.end());
  for (const auto* bounds : {&lower, &upper}) {
    for (const double bound : *bounds) {
      if (bound > least && bound < most) edges.push_back(bound);
    }
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  Best best{least, most, lower_.size() + upper_.size() + 1};
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const auto too_low = lower.end() - std::lower_bound(lower.begin(), lower.end(), edges[i + 1]);
    const auto too_high =
        std::lower_bound(upper.begin(), upper.end(), edges[i + 1]) - upper.begin();
    const auto broken = static_cast<std::size_t>(too_low + too_high);
    const bool is_wider = edges[i + 1] - edges[i] > best.most - best.least;
    if (broken < best.broken || (broken == best.broken && is_wider)) {
      best = {edges[i], edges[i + 1], broken};
    }
  }
  return best;
}

std::vector<EventId> Bounds::broken_by(double value) const {
  std::vector<EventId> broken;
  for (const Bound& bound : lower_) {
    if (value <= bound.value) broken.push_back(bound.because);
  }
  for (const Bound& bound : upper_) {
    if (value > bound.value) broken.push_back(bound.because);
  }
  return broken;
}

}  // namespace weir::probe
