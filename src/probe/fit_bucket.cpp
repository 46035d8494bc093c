#include <algorithm>
#include <limits>

#include "probe/fit.hpp"
#include "probe/round_numbers.hpp"

namespace weir::probe {
namespace {

/// No bucket is refilled faster, in units a nanosecond.
constexpr double fastest_rate = 1e-5;

/// What was admitted within a span: no more than the capacity and what came back meanwhile.
struct AdmittedWithin {
  std::int64_t count = 0;
  std::int64_t span_ns = 0;
  EventId last;
};

/// A denial after so many admissions, the latest of which may have been so long ago at least.
struct Denial {
  EventId id;
  /// By number of admissions, less one.
  std::vector<std::int64_t> ago_ns;
};

struct BucketView {
  std::vector<AdmittedWithin> admitted;
  std::vector<Denial> denials;
  /// Admitted in the shortest spans.
  std::int64_t most_limit = 1;
};

// Of spans with as many admissions, the shortest says the most.
void view_admissions(const History& history, std::uint32_t key, BucketView& view) {
  std::vector<std::uint32_t> by_end;
  for (std::uint32_t e = 0; e < history.size(); ++e) {
    if (history[e].is_admitted()) by_end.push_back(e);
  }
  std::stable_sort(by_end.begin(), by_end.end(), [&](std::uint32_t a, std::uint32_t b) {
    return history[a].decided < history[b].decided;
  });
  std::vector<AdmittedWithin> shortest(by_end.size() + 1);
  for (const std::uint32_t first : by_end) {
    std::int64_t count = 0;
    for (const std::uint32_t e : by_end) {
      if (history[e].sent < history[first].sent) continue;
      ++count;
      AdmittedWithin& known = shortest[static_cast<std::size_t>(count)];
      const std::int64_t span = history[e].decided - history[first].sent;
      if (known.count == 0 || span < known.span_ns) known = {count, span, {key, e}};
    }
  }
  for (const AdmittedWithin& known : shortest) {
    if (known.count > 0) view.admitted.push_back(known);
  }
}

void view_denials(const History& history, std::uint32_t key, BucketView& view) {
  for (std::uint32_t d = 0; d < history.size(); ++d) {
    if (!history[d].is_denied()) continue;
    Denial denial{{key, d}, {}};
    for (const Event& event : history) {
      if (!event.may_be_admitted() || event.sent > history[d].decided) continue;
      denial.ago_ns.push_back(std::max<std::int64_t>(history[d].sent - event.decided, 0));
    }
    std::sort(denial.ago_ns.begin(), denial.ago_ns.end());
    view.denials.push_back(std::move(denial));
  }
}

// The bucket is empty only if, since some instant, more was taken than it held and came back.
double fastest_denying(const Denial& denial, std::int64_t capacity) {
  double fastest = -1.0;
  for (auto m = static_cast<std::size_t>(capacity); m <= denial.ago_ns.size(); ++m) {
    const std::int64_t ago = denial.ago_ns[m - 1];
    if (ago == 0) return fastest_rate;
    fastest = std::max(fastest, static_cast<double>(static_cast<std::int64_t>(m) - capacity + 1) /
                                    static_cast<double>(ago));
  }
  return fastest;
}

Bounds bounds_of_rate(const BucketView& view, std::int64_t capacity) {
  Bounds bounds;
  for (const AdmittedWithin& within : view.admitted) {
    if (within.count <= capacity) continue;
    const auto span = static_cast<double>(std::max<std::int64_t>(within.span_ns, 1));
    bounds.above(static_cast<double>(within.count - capacity) / span, within.last);
  }
  for (const Denial& denial : view.denials) {
    bounds.at_most(fastest_denying(denial, capacity), denial.id);
  }
  return bounds;
}

}  // namespace

Fit fit_bucket(const Clues& clues, double least_rate, double most_rate) {
  BucketView view;
  for (std::uint32_t k = 0; k < clues.histories.size(); ++k) {
    view_admissions(clues.histories[k], k, view);
    view_denials(clues.histories[k], k, view);
  }
  Fit fit;
  fit.kind = Kind::token_bucket;
  const std::int64_t most = least_before_denial(clues.histories);
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  double widest = -1.0;
  Bounds chosen;
  for (std::int64_t capacity = std::max<std::int64_t>(most / 3, 1); capacity <= most; ++capacity) {
    const Bounds bounds = bounds_of_rate(view, capacity);
    const Bounds::Best best = bounds.best(least_rate, most_rate);
    if (best.broken > fewest) continue;
    const double width = best.most - best.least;
    if (best.broken < fewest) {
      fewest = best.broken;
      widest = -1.0;
      fit.least_limit = capacity;
    }
    fit.most_limit = capacity;
    // Of capacities that explain as much, the one that leaves the rate the most room.
    if (width <= widest) continue;
    widest = width;
    fit.limit = capacity;
    fit.least_rate = best.least;
    fit.most_rate = best.most;
    chosen = bounds;
  }
  fit.rate = roundest_rate(fit.least_rate, fit.most_rate);
  const double value = static_cast<double>(fit.rate.units) / static_cast<double>(fit.rate.per.ns());
  const bool fits = value > fit.least_rate && value <= fit.most_rate;
  fit.unexplained = chosen.broken_by(fits ? value : (fit.least_rate + fit.most_rate) / 2);
  return fit;
}

}  // namespace weir::probe
