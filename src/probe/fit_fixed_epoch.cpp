#include <algorithm>
#include <cmath>
#include <optional>

#include "core/int128.hpp"
#include "probe/fit.hpp"
#include "probe/round_numbers.hpp"
#include "probe/window_search.hpp"

namespace weir::probe {
namespace {

constexpr double longest_fixed_ns = 1e14;
constexpr double shortest_fixed_ns = 1e7;
constexpr double shortest_scanned_ns = 1e8;

/// From when to when something was, in nanoseconds since the probe's begin.
struct Span {
  std::int64_t from = 0;
  std::int64_t to = 0;
};

/// When a window surely ended: after the last denial that was decided before the next admission of
/// the key, and before that. Denials that were under way beside the admission may have come before
/// it or, if so many were admitted meanwhile as use up another window, after it.
std::vector<Span> borders_of_key(const History& history, std::int64_t least_limit) {
  std::vector<Span> borders;
  std::optional<std::int64_t> first_decided;
  std::size_t first = 0;
  for (std::size_t e = 0; e < history.size(); ++e) {
    const Event& event = history[e];
    if (event.is_denied() && !first_decided) first = e;
    if (event.is_denied()) {
      first_decided = std::min(first_decided.value_or(event.decided), event.decided);
    }
    if (!event.is_admitted() || !first_decided || event.sent <= *first_decided) continue;
    std::int64_t last_sent = 0;
    for (std::size_t d = first; d < e; ++d) {
      if (!history[d].is_denied()) continue;
      const auto meanwhile =
          std::count_if(history.begin() + static_cast<std::ptrdiff_t>(first), history.end(),
                        [&](const Event& other) {
                          return other.may_be_admitted() && other.sent <= history[d].decided;
                        });
      if (history[d].decided <= event.sent || meanwhile < least_limit) {
        last_sent = std::max(last_sent, history[d].sent);
      }
    }
    if (event.decided > last_sent) borders.push_back({last_sent, event.decided});
    first_decided.reset();
  }
  return borders;
}

std::vector<Span> borders_of(const Histories& histories, std::int64_t least_limit) {
  std::vector<Span> borders;
  for (const History& history : histories) {
    const auto found = borders_of_key(history, least_limit);
    borders.insert(borders.end(), found.begin(), found.end());
  }
  return borders;
}

/// A length of windows and where they begin.
struct Grid {
  double least_ns = 0.0;
  double most_ns = longest_fixed_ns;
  std::int64_t window_ns = 0;
  std::int64_t phase_ns = 0;
};

// Narrows a length by borders that are whole numbers of windows apart, the nearest first.
bool narrow(Grid& grid, std::vector<Span> borders) {
  if (borders.empty()) return true;
  std::sort(borders.begin(), borders.end(),
            [](const Span& a, const Span& b) { return a.from < b.from; });
  const Span origin = borders.front();
  for (const Span& border : borders) {
    const auto least = static_cast<double>(border.from - origin.to);
    const auto most = static_cast<double>(border.to - origin.from);
    if (most < grid.least_ns / 2) continue;
    const double fewest = std::max(std::ceil(least / grid.most_ns), 0.0);
    const double largest = std::floor(most / std::max(grid.least_ns, 1.0));
    if (largest < fewest || largest < 1) {
      if (fewest > 0) return false;
      continue;
    }
    if (largest - std::max(fewest, 1.0) > 0.5 || fewest < 1) continue;
    const double windows = std::max(fewest, 1.0);
    grid.least_ns = std::max(grid.least_ns, least / windows);
    grid.most_ns = std::min(grid.most_ns, most / windows);
    if (grid.most_ns <= grid.least_ns) return false;
  }
  return true;
}

/// Where windows begin that end at as many of the borders as possible, and how many those are.
struct Phase {
  std::int64_t phase_ns = 0;
  int borders = 0;
};

Phase phase_within(const std::vector<Span>& borders, std::int64_t window) {
  if (borders.empty()) return {};
  const std::int64_t origin = borders.front().from;
  std::vector<std::pair<std::int64_t, int>> edges;
  for (const Span& border : borders) {
    const std::int64_t width = std::min(border.to - border.from, window);
    const std::int64_t from =
        border.from - origin - floor_div(border.from - origin, window) * window;
    for (const std::int64_t begin : {from, from - window}) {
      edges.emplace_back(begin, -1);
      edges.emplace_back(begin + width, 1);
    }
  }
  std::sort(edges.begin(), edges.end());
  int open = 0;
  Phase best;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    open -= edges[i].second;
    if (open <= best.borders) continue;
    best.borders = open;
    best.phase_ns = edges[i].first + (edges[i + 1].first - edges[i].first) / 2;
  }
  const std::int64_t phase = origin + best.phase_ns;
  best.phase_ns = phase - floor_div(phase, window) * window;
  return best;
}

// Of the lengths within the grid's range those that most borders fit; the roundest of them.
void settle(Grid& grid, const std::vector<Span>& borders) {
  constexpr int tries = 120;
  int most = 0;
  double first = 0.0;
  double last = 0.0;
  for (int n = 0; n <= tries; ++n) {
    const double window = grid.least_ns + (grid.most_ns - grid.least_ns) * (n + 0.5) / (tries + 1);
    const int found = phase_within(borders, std::llround(window)).borders;
    if (found > most) first = window;
    if (found >= most) last = window;
    most = std::max(most, found);
  }
  const double step = (grid.most_ns - grid.least_ns) / (tries + 1);
  grid.least_ns = std::max(grid.least_ns, first - step / 2);
  grid.most_ns = std::min(grid.most_ns, last + step / 2);
  grid.window_ns = roundest_duration(grid.least_ns, grid.most_ns).ns();
  const Phase phase = phase_within(borders, grid.window_ns);
  grid.phase_ns = phase.phase_ns;
  if (phase.borders >= most) return;
  grid.window_ns = std::llround((first + last) / 2);
  grid.phase_ns = phase_within(borders, grid.window_ns).phase_ns;
}

/// The longest that a key was denied without a break: no window is shorter.
std::int64_t longest_denied(const Histories& histories) {
  std::int64_t longest = 0;
  for (const History& history : histories) {
    const Event* first = nullptr;
    for (const Event& event : history) {
      if (event.may_be_admitted()) first = nullptr;
      if (!event.is_denied()) continue;
      if (first == nullptr) first = &event;
      longest = std::max(longest, event.sent - first->decided);
    }
  }
  return longest;
}

/// Lengths to begin with: between two borders, of any keys, there are one or a few windows.
std::vector<Grid> grids_of(std::vector<Span> borders, const Histories& histories) {
  constexpr std::size_t most_grids = 40;
  constexpr int most_windows_between = 12;
  std::sort(borders.begin(), borders.end(),
            [](const Span& a, const Span& b) { return a.from < b.from; });
  const auto shortest = std::max(static_cast<double>(longest_denied(histories)), shortest_fixed_ns);
  std::vector<Grid> grids;
  for (std::size_t i = 0; i + 1 < borders.size(); ++i) {
    for (int n = 1; n <= most_windows_between && grids.size() < most_grids; ++n) {
      Grid grid;
      grid.least_ns = static_cast<double>(borders[i + 1].from - borders[i].to) / n;
      grid.most_ns = static_cast<double>(borders[i + 1].to - borders[i].from) / n;
      grid.least_ns = std::max(grid.least_ns, shortest);
      if (grid.least_ns < shortest_fixed_ns || grid.most_ns <= grid.least_ns) break;
      grids.push_back(grid);
    }
  }
  if (!grids.empty() || borders.empty()) return grids;
  // A single border only says that windows are longer than what came before it.
  Grid grid;
  grid.least_ns = 1.1 * shortest;
  grid.most_ns = 2 * grid.least_ns;
  return {grid};
}

}  // namespace

Fit fit_fixed_epoch(const Clues& clues) {
  constexpr std::size_t most_limits = 3;
  WindowSearch search(clues, Kind::fixed_epoch);
  auto limits = admitted_between_denials(clues.histories);
  const auto borders = borders_of(clues.histories, limits.back());
  const auto shortest =
      std::max(static_cast<double>(longest_denied(clues.histories)), shortest_scanned_ns);
  const auto span = static_cast<double>(search.longest_span_ns());
  if (limits.size() > most_limits) limits.resize(most_limits);
  for (const std::int64_t limit : limits) search.scan(limit, shortest, 1.5 * span, 0.02, 20);
  for (Grid grid : grids_of(borders, clues.histories)) {
    if (!narrow(grid, borders)) continue;
    settle(grid, borders);
    for (const std::int64_t limit : limits) search.start_from(limit, grid.window_ns, grid.phase_ns);
  }
  search.start_from_before(clues.before);
  return search.found();
}

}  // namespace weir::probe
