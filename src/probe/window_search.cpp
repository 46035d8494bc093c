#include "probe/window_search.hpp"

#include <algorithm>
#include <cmath>

#include "probe/round_numbers.hpp"

namespace weir::probe {
namespace {

constexpr std::size_t most_starts = 10;
constexpr double no_end = std::numeric_limits<double>::infinity();
constexpr std::size_t no_end_of_events = std::numeric_limits<std::size_t>::max();

bool are_near(const Counter& a, const Counter& b) {
  constexpr double near_window = 0.015;
  constexpr double near_phase = 0.06;
  if (a.limit != b.limit) return false;
  const auto window = static_cast<double>(a.window_ns);
  if (std::abs(static_cast<double>(b.window_ns) / window - 1.0) > near_window) return false;
  const double phases = static_cast<double>(b.phase_ns - a.phase_ns) / window;
  return std::abs(phases - std::round(phases)) < near_phase;
}

}  // namespace

WindowSearch::WindowSearch(const Clues& clues, Kind kind)
    : counted_(clues.histories, kind == Kind::counter_count_denied), kind_(kind) {
  for (const History& history : clues.histories) {
    if (history.empty()) continue;
    longest_span_ns_ = std::max(longest_span_ns_, history.back().decided - history.front().sent);
    middle_ns_ = std::max(middle_ns_, history.back().decided / 2);
  }
  best_.kind = kind;
}

void WindowSearch::set(Counter& counter, double window_ns, double phase_share) const {
  constexpr std::int64_t shortest_ns = 10'000'000;
  counter.window_ns = std::max<std::int64_t>(std::llround(window_ns), shortest_ns);
  counter.phase_ns = middle_ns_ + std::llround(phase_share * window_ns);
}

void WindowSearch::scan(std::int64_t limit, double from_ns, double to_ns, double step, int phases) {
  for (double window = from_ns; window <= to_ns; window *= 1.0 + step) {
    for (int p = 0; p < phases; ++p) {
      Counter counter{kind_, limit, 1, 0};
      set(counter, window, static_cast<double>(p) / phases);
      starts_.push_back({counter, cost_of(counted_, counter, most_kept(), true), 0});
    }
    keep_best();
  }
}

void WindowSearch::start_from(std::int64_t limit, std::int64_t window_ns, std::int64_t phase_ns) {
  const std::int64_t windows = (middle_ns_ - phase_ns) / window_ns;
  const Counter given{kind_, limit, window_ns, phase_ns + windows * window_ns};
  const bool is_near = std::any_of(given_.begin(), given_.end(), [&given](const Start& start) {
    return are_near(given, start.counter);
  });
  if (!is_near) given_.push_back({given, 0.0, 0});
}

void WindowSearch::start_from_before(const std::vector<Fit>& before) {
  for (const Fit& fit : before) {
    if (fit.kind == kind_ && fit.window > Duration()) {
      start_from(fit.limit, fit.window.ns(), fit.phase_ns);
    }
  }
}

double WindowSearch::most_kept() const {
  return starts_.size() < most_starts ? no_end : starts_.back().cost;
}

// Of starts close to each other, one is enough.
void WindowSearch::keep_best() {
  std::stable_sort(starts_.begin(), starts_.end(),
                   [](const Start& a, const Start& b) { return a.cost < b.cost; });
  std::vector<Start> kept;
  for (const Start& start : starts_) {
    const bool is_near = std::any_of(kept.begin(), kept.end(), [&](const Start& other) {
      return are_near(start.counter, other.counter);
    });
    if (!is_near) kept.push_back(start);
    if (kept.size() == most_starts) break;
  }
  starts_ = std::move(kept);
}

// From the most promising, ever closer.
void WindowSearch::refine() {
  starts_.insert(starts_.end(), given_.begin(), given_.end());
  for (Start& start : starts_) {
    start.cost = cost_of(counted_, start.counter, no_end, false);
    for (double step = 0.03; step > 0.0001 && start.cost > 0.0; step *= 0.6) {
      while (improve(start, step)) {
      }
    }
    start.unexplained = unexplained_by(counted_, start.counter, no_end_of_events).size();
  }
  std::stable_sort(starts_.begin(), starts_.end(), [](const Start& a, const Start& b) {
    return std::pair(a.unexplained, -a.counter.limit) < std::pair(b.unexplained, -b.counter.limit);
  });
}

// Another length shifts the windows at both ends of what was seen: by as much as the phase does.
bool WindowSearch::improve(Start& start, double step) const {
  const Counter center = start.counter;
  const auto window = static_cast<double>(center.window_ns);
  const double phase = static_cast<double>(center.phase_ns - middle_ns_) / window;
  const double fine = step * std::min(window / static_cast<double>(middle_ns_ + 1), 1.0);
  bool is_better = false;
  for (const double dw : {0.0, -fine, fine, -step, step}) {
    for (const double dp : {0.0, -step, step}) {
      if ((!is_of_epoch(kind_) && dp != 0.0) || (dw == 0.0 && dp == 0.0)) continue;
      Counter counter = center;
      set(counter, window * (1 + dw), phase + dp);
      const double found = cost_of(counted_, counter, start.cost, false);
      if (found >= start.cost) continue;
      start.counter = counter;
      start.cost = found;
      is_better = true;
    }
  }
  return is_better && start.cost > 0.0;
}

// Whether some phase near another setting's explains as much with this window.
bool WindowSearch::is_as_good(const Counter& near, double window_ns, Counter& found) const {
  Counter counter = near;
  counter.window_ns = std::max<std::int64_t>(std::llround(window_ns), 1);
  // Outwards, the closest first: decisions pin it to a few milliseconds.
  constexpr int steps = 40;
  constexpr double least_step = 0.0003;
  const int tries = is_of_epoch(kind_) ? 2 * steps : 1;
  double share = 0.0;
  for (int p = 0; p < tries; ++p) {
    counter.phase_ns = near.phase_ns + std::llround((p % 2 == 0 ? share : -share) * window_ns);
    if (p % 2 == 0) share = std::max(share + least_step, share * 1.15);
    if (unexplained_by(counted_, counter, fewest_).size() > fewest_) continue;
    found = counter;
    return true;
  }
  return false;
}

// Along the settings that explain as much, to where the next does not.
double WindowSearch::furthest(Counter at, int sign) const {
  constexpr double least_step = 0.0005;
  constexpr double longest_step = 0.02;
  const auto window_ns = static_cast<double>(at.window_ns);
  for (double step = 0.001; step > least_step;) {
    const double next = static_cast<double>(at.window_ns) * (1.0 + sign * step);
    if (next < window_ns / 2 || next > window_ns * 2) break;
    step = is_as_good(at, next, at) ? std::min(step * 1.6, longest_step) : step / 2;
  }
  return static_cast<double>(at.window_ns);
}

// From the shortest window that explains as much to the longest; between them may be some that
// do not.
std::pair<double, double> WindowSearch::range() const {
  Counter least = best_;
  Counter most = best_;
  for (const Start& start : starts_) {
    if (start.unexplained > fewest_ || start.counter.limit != best_.limit) continue;
    if (start.counter.window_ns < least.window_ns) least = start.counter;
    if (start.counter.window_ns > most.window_ns) most = start.counter;
  }
  return {furthest(least, -1), furthest(most, 1)};
}

Fit WindowSearch::found() {
  refine();
  Fit fit;
  fit.kind = kind_;
  if (starts_.empty()) return fit;
  best_ = starts_.front().counter;
  fewest_ = starts_.front().unexplained;
  const auto [least, most] = range();
  // People write round numbers, also where one lies a hair beside what was searched.
  constexpr double hair = 0.002;
  Counter round = best_;
  for (const double window :
       {static_cast<double>(roundest_duration(least * (1 - hair), most * (1 + hair)).ns()),
        static_cast<double>(roundest_duration(least, most).ns()), (least + most) / 2}) {
    if (!is_as_good(best_, window, round)) continue;
    best_ = round;
    break;
  }
  fit.limit = fit.least_limit = fit.most_limit = best_.limit;
  fit.least_window_ns = std::min(least, static_cast<double>(best_.window_ns));
  fit.most_window_ns = std::max(most, static_cast<double>(best_.window_ns));
  fit.window = Duration::from_ns(best_.window_ns);
  fit.phase_ns = best_.phase_ns;
  fit.unexplained = unexplained_by(counted_, best_, no_end_of_events);
  return fit;
}

}  // namespace weir::probe
