#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/int128.hpp"
#include "probe/fit.hpp"
#include "probe/round_numbers.hpp"
#include "probe/window_count.hpp"

namespace weir::probe {
namespace {

constexpr double longest_fixed_ns = 1e14;
constexpr double shortest_fixed_ns = 1e7;

/// From when to when something was, in nanoseconds since the probe's begin.
struct Span {
  std::int64_t from = 0;
  std::int64_t to = 0;
};

// ---- Windows that begin with a key's first request.

// Of a window that was used up, its first request says when it began, the denials that it had not
// ended, the next admission that it had.
void bound_used_up(const History& history, std::uint32_t key, std::int64_t limit, Bounds& bounds) {
  std::size_t begin = 0;
  while (begin < history.size() && !history[begin].is_admitted()) ++begin;
  while (begin < history.size()) {
    const Event& first = history[begin];
    std::size_t next = history.size();
    std::int64_t admitted = 0;
    bool denied = false;
    for (std::size_t e = begin; e < history.size(); ++e) {
      const Event& event = history[e];
      const EventId id{key, static_cast<std::uint32_t>(e)};
      if (event.is_denied()) {
        // One that was sent when others were under way may belong to the window before.
        if (event.sent < first.decided) continue;
        denied = true;
        bounds.above(static_cast<double>(event.sent - first.decided), id);
      } else if (event.is_admitted() && ++admitted > limit) {
        bounds.at_most(static_cast<double>(event.decided - first.sent), id);
        next = e;
        break;
      } else if (denied && event.is_admitted()) {
        bounds.at_most(static_cast<double>(event.decided - first.sent), id);
        next = e;
        break;
      }
    }
    // A window that was not used up says nothing of the next one's begin.
    if (!denied) return;
    begin = next;
  }
}

/// How a history looks in windows of one length.
struct Replay {
  std::vector<EventId> unexplained;
};

void replay_first_request(const History& history, std::uint32_t key, std::int64_t limit,
                          std::int64_t window, Replay& replay) {
  std::optional<Span> begin;
  std::int64_t surely = 0;
  std::int64_t maybe = 0;
  for (std::uint32_t e = 0; e < history.size(); ++e) {
    const Event& event = history[e];
    const bool may_be_over = !begin || event.decided >= begin->from + window;
    const bool may_be_open = begin && event.sent < begin->to + window;
    if (event.is_denied()) {
      // Those under way beside others may have been decided after them.
      std::int64_t behind = 0;
      for (std::uint32_t n = e + 1; n < history.size() && history[n].sent < event.decided; ++n) {
        behind += history[n].may_be_admitted() ? 1 : 0;
      }
      if (!may_be_open || maybe + behind < limit) replay.unexplained.push_back({key, e});
      continue;
    }
    const bool is_full = surely >= limit;
    if (may_be_open && (!is_full || !may_be_over)) {
      if (is_full) replay.unexplained.push_back({key, e});
      // Either may be where it belongs; a window that has ended holds nothing of it.
      if (may_be_over && !is_full) {
        begin = Span{begin->from, std::max(begin->to, event.decided)};
      }
      surely += event.is_known ? 1 : 0;
      ++maybe;
      continue;
    }
    begin = Span{event.sent, event.decided};
    surely = event.is_known ? 1 : 0;
    maybe = 1;
  }
}

Replay replay_all_first(const Histories& histories, std::int64_t limit, Duration window) {
  Replay replay;
  for (std::uint32_t k = 0; k < histories.size(); ++k) {
    replay_first_request(histories[k], k, limit, window.ns(), replay);
  }
  return replay;
}

// ---- Windows at fixed times.

/// When windows may have ended: between a denial and the next admission of a key. Of requests that
/// were under way together the denied one may have come last.
std::vector<std::vector<Span>> borders_of(const Histories& histories) {
  std::vector<std::vector<Span>> found;
  for (const History& history : histories) {
    auto& borders = found.emplace_back();
    std::optional<std::int64_t> first_decided;
    std::int64_t last_sent = 0;
    for (const Event& event : history) {
      if (event.is_denied()) {
        first_decided = std::min(first_decided.value_or(event.decided), event.decided);
        last_sent = event.sent;
      }
      if (!event.is_admitted() || !first_decided || event.sent <= *first_decided) continue;
      if (event.decided > last_sent) borders.push_back({last_sent, event.decided});
      first_decided.reset();
    }
  }
  return found;
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

/// A key's history, and how its admissions are counted.
struct CountedHistory {
  const History& history;
  WindowCount count;
};

// Counts a key's admissions by window; those across a border may belong to either.
void replay_epoch(const CountedHistory& counted, std::uint32_t key, std::int64_t limit,
                  const Grid& grid, Replay& replay) {
  const auto window_of = [&grid](std::int64_t at) {
    return floor_div(at - grid.phase_ns, grid.window_ns);
  };
  for (std::uint32_t e = 0; e < counted.history.size(); ++e) {
    const Event& event = counted.history[e];
    if (!event.is_known) continue;
    bool possible = false;
    for (std::int64_t w = window_of(event.sent); w <= window_of(event.decided) && !possible; ++w) {
      const std::int64_t begin = grid.phase_ns + w * grid.window_ns;
      const std::int64_t last = begin + grid.window_ns - 1;
      possible = event.allowed ? counted.count.surely(begin, std::min(last, event.sent)) < limit
                               : counted.count.maybe(begin, std::min(last, event.decided)) >= limit;
    }
    if (!possible) replay.unexplained.push_back({key, e});
  }
}

Replay replay_all_epoch(const std::vector<CountedHistory>& histories, std::int64_t limit,
                        const Grid& grid) {
  Replay replay;
  for (std::uint32_t k = 0; k < histories.size(); ++k) {
    replay_epoch(histories[k], k, limit, grid, replay);
  }
  return replay;
}

void take_if_better(Fit& fit, const Grid& grid, std::int64_t limit, Replay replay) {
  const bool is_first = fit.window == Duration();
  if (!is_first && replay.unexplained.size() >= fit.unexplained.size()) return;
  fit.limit = fit.least_limit = fit.most_limit = limit;
  fit.least_window_ns = grid.least_ns;
  fit.most_window_ns = grid.most_ns;
  fit.window = Duration::from_ns(grid.window_ns);
  fit.phase_ns = grid.phase_ns;
  fit.unexplained = std::move(replay.unexplained);
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

Fit fit_fixed_first_request(const Clues& clues) {
  Fit fit;
  fit.kind = Kind::fixed_first_request;
  for (const std::int64_t limit : admitted_between_denials(clues.histories)) {
    Bounds bounds;
    for (std::uint32_t k = 0; k < clues.histories.size(); ++k) {
      bound_used_up(clues.histories[k], k, limit, bounds);
    }
    const Bounds::Best best = bounds.best(0.0, longest_fixed_ns);
    Grid grid{best.least, best.most, 0, 0};
    const double middle = best.least + (best.most - best.least) / 2;
    for (const Duration window : {roundest_duration(best.least, best.most),
                                  Duration::from_ns(static_cast<std::int64_t>(middle))}) {
      grid.window_ns = std::max<std::int64_t>(window.ns(), 1);
      take_if_better(fit, grid, limit, replay_all_first(clues.histories, limit, window));
    }
  }
  return fit;
}

Fit fit_fixed_epoch(const Clues& clues) {
  Fit fit;
  fit.kind = Kind::fixed_epoch;
  const auto by_key = borders_of(clues.histories);
  std::vector<Span> all;
  for (const auto& borders : by_key) all.insert(all.end(), borders.begin(), borders.end());
  const auto limits = admitted_between_denials(clues.histories);
  std::vector<CountedHistory> counted;
  for (const History& history : clues.histories) {
    counted.push_back({history, WindowCount(history, false)});
  }
  for (Grid grid : grids_of(all, clues.histories)) {
    if (!narrow(grid, all)) continue;
    settle(grid, all);
    for (const std::int64_t limit : limits) {
      take_if_better(fit, grid, limit, replay_all_epoch(counted, limit, grid));
    }
  }
  if (fit.window == Duration()) {
    fit.window = Duration::from_seconds(1);
    fit.limit = fit.least_limit = fit.most_limit = limits.empty() ? 1 : limits.front();
    fit.most_window_ns = longest_fixed_ns;
    for (std::uint32_t k = 0; k < clues.histories.size(); ++k) {
      for (std::uint32_t e = 0; e < clues.histories[k].size(); ++e) {
        if (clues.histories[k][e].is_denied()) fit.unexplained.push_back({k, e});
      }
    }
  }
  return fit;
}

}  // namespace weir::probe
