#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/int128.hpp"
#include "probe/fit.hpp"
#include "probe/round_numbers.hpp"
#include "probe/window_count.hpp"

namespace weir::probe {
namespace {

/// One setting of a sliding window counter that is tried.
struct Counter {
  Kind kind = Kind::counter_epoch;
  std::int64_t limit = 0;
  std::int64_t window_ns = 1;
  std::int64_t phase_ns = 0;
};

/// A key's requests in windows of one setting.
class CounterReplay {
 public:
  CounterReplay(const History& history, const WindowCount& count, const Counter& counter)
      : history_(history), count_(count), counter_(counter), step_ns_(counter.window_ns) {
    // HAProxy's periods begin at even milliseconds.
    constexpr std::int64_t even_ns = 2'000'000;
    if (counter.kind == Kind::counter_count_denied) {
      step_ns_ = std::max(counter.window_ns / even_ns * even_ns, even_ns);
    }
  }

  /// Whether the next event is as the counter would have it, if that is asked.
  bool explains_next(bool is_asked) {
    const Event& event = history_[next_++];
    if (counter_.kind != Kind::counter_epoch) anchor(event);
    if (!event.is_known || !is_asked) return true;
    const std::int64_t from = event.sent - slack_ns_;
    const std::int64_t to = event.decided + slack_ns_;
    bool possible = false;
    for (std::int64_t w = window_of(from); w <= window_of(to) && !possible; ++w) {
      const std::int64_t begin = phase_ns_ + w * step_ns_;
      possible = event.allowed ? may_admit(event, begin, to) : may_deny(event, begin, from);
    }
    return possible;
  }

 private:
  // Where the windows begin with the first request, a new one begins them anew once nothing of the
  // last two counts any more.
  void anchor(const Event& event) {
    if (!count_.counts(event)) return;
    const std::int64_t middle = event.sent + (event.decided - event.sent) / 2;
    if (!is_anchored_ || middle >= last_end_ns_ + counter_.window_ns) {
      is_anchored_ = true;
      phase_ns_ = middle;
      anchor_sent_ns_ = event.sent;
      slack_ns_ = (event.decided - event.sent) / 2;
    }
    last_end_ns_ = phase_ns_ + (window_of(middle) + 1) * step_ns_;
  }

  // Requests of windows that begin with the first are in the first or later.
  std::int64_t surely_from(std::int64_t begin) const {
    return is_anchored_ && begin == phase_ns_ ? anchor_sent_ns_ : begin + slack_ns_;
  }

  bool may_admit(const Event& event, std::int64_t begin, std::int64_t at) const {
    const std::int64_t last = begin + step_ns_ - 1;
    const std::int64_t previous =
        count_.surely(surely_from(begin - step_ns_), begin - 1 - slack_ns_);
    const std::int64_t current =
        count_.surely(surely_from(begin), std::min(event.sent, last - slack_ns_));
    return used(previous, begin + counter_.window_ns - std::min(at, last), current) <= room();
  }
  bool may_deny(const Event& event, std::int64_t begin, std::int64_t at) const {
    const std::int64_t last = begin + step_ns_ - 1;
    const std::int64_t itself = count_.counts(event) ? 1 : 0;
    const std::int64_t previous = count_.maybe(begin - step_ns_ - slack_ns_, begin - 1 + slack_ns_);
    const std::int64_t current =
        count_.maybe(begin - slack_ns_, std::min(event.decided, last + slack_ns_));
    return used(previous, begin + counter_.window_ns - std::max(at, begin), current - itself) >
           room();
  }

  double room() const { return static_cast<double>(counter_.limit) + 1e-6; }
  double used(std::int64_t previous, std::int64_t left_ns, std::int64_t current) const {
    double faded = static_cast<double>(previous) * static_cast<double>(left_ns) /
                   static_cast<double>(counter_.window_ns);
    if (counter_.kind == Kind::counter_count_denied) faded = std::floor(faded);
    return faded + static_cast<double>(current + 1);
  }
  std::int64_t window_of(std::int64_t at) const { return floor_div(at - phase_ns_, step_ns_); }

  const History& history_;
  const WindowCount& count_;
  const Counter& counter_;
  std::int64_t step_ns_;
  std::int64_t phase_ns_ = counter_.phase_ns;
  std::int64_t slack_ns_ = 0;
  std::int64_t last_end_ns_ = 0;
  std::int64_t anchor_sent_ns_ = 0;
  bool is_anchored_ = false;
  std::size_t next_ = 0;
};

/// Histories, how their requests are counted, and which of them say the most: those that were
/// decided otherwise than the one before or after them.
struct Counted {
  Counted(const Histories& all, bool count_denied) : histories(all) {
    for (const History& history : all) {
      counts.emplace_back(history, count_denied);
      auto& tells = telling.emplace_back(history.size());
      for (std::size_t e = 0; e + 1 < history.size(); ++e) {
        if (history[e].allowed != history[e + 1].allowed) tells[e] = tells[e + 1] = true;
      }
    }
  }
  const Histories& histories;
  std::vector<WindowCount> counts;
  std::vector<std::vector<bool>> telling;
};

std::vector<EventId> unexplained_by(const Counted& counted, const Counter& counter,
                                    std::size_t enough, bool only_telling) {
  std::vector<EventId> found;
  for (std::uint32_t k = 0; k < counted.histories.size(); ++k) {
    const History& history = counted.histories[k];
    CounterReplay replay(history, counted.counts[k], counter);
    for (std::uint32_t e = 0; e < history.size(); ++e) {
      if (replay.explains_next(!only_telling || counted.telling[k][e])) continue;
      found.push_back({k, e});
      if (found.size() > enough) return found;
    }
  }
  return found;
}

/// Searches window and phase for the setting that leaves the least unexplained.
class CounterSearch {
 public:
  /// Phases are those of a window near the middle of what was seen, so that a window that is a
  /// little off shifts the others as little as possible.
  CounterSearch(const Histories& histories, Kind kind, std::int64_t middle_ns)
      : counted_(histories, kind == Kind::counter_count_denied), middle_ns_(middle_ns) {
    best_.kind = kind;
  }

  void scan(std::int64_t limit, double from_ns, double to_ns, double step, int phases) {
    for (double window = from_ns; window <= to_ns; window *= 1.0 + step) {
      for (int p = 0; p < phases; ++p) {
        Counter counter = best_;
        counter.limit = limit;
        set(counter, window, static_cast<double>(p) / phases);
        starts_.push_back({counter, count(counter, most_kept(), true)});
      }
      keep_best();
    }
  }

  // From the most promising, ever closer.
  void refine() {
    for (Start& start : starts_) {
      start.unexplained = count(start.counter, std::numeric_limits<std::size_t>::max(), false);
      for (double step = 0.03; step > 0.0003 && start.unexplained > 0; step *= 0.6) {
        while (improve(start, step)) {
        }
      }
    }
    keep_best();
    if (!starts_.empty()) best_ = starts_.front().counter;
    fewest_ = fewest();
  }

  // From the shortest window that explains as much to the longest; between them may be some that
  // do not.
  std::pair<double, double> range() const {
    auto least = static_cast<double>(best_.window_ns);
    double most = least;
    for (const Start& start : starts_) {
      if (start.unexplained > fewest_) continue;
      least = std::min(least, static_cast<double>(start.counter.window_ns));
      most = std::max(most, static_cast<double>(start.counter.window_ns));
    }
    return {furthest(least, -1), furthest(most, 1)};
  }

  // Whether some phase near the best one explains as much with another window.
  bool is_as_good(double window_ns, Counter* found = nullptr) const {
    Counter counter = best_;
    counter.window_ns = std::max<std::int64_t>(std::llround(window_ns), 1);
    // From the known phase outwards, the closest first: decisions pin it to a few milliseconds.
    constexpr int steps = 13;
    const int tries = best_.kind == Kind::counter_epoch ? 2 * steps : 1;
    double share = 0.0;
    for (int p = 0; p < tries; ++p) {
      counter.phase_ns = best_.phase_ns + std::llround((p % 2 == 0 ? share : -share) * window_ns);
      if (p % 2 == 0) share = share == 0.0 ? 0.0004 : share * 1.7;
      if (unexplained_by(counted_, counter, fewest_, false).size() > fewest_) continue;
      if (found != nullptr) *found = counter;
      return true;
    }
    return false;
  }

  const Counter& best() const { return best_; }
  void choose(const Counter& counter) { best_ = counter; }
  std::vector<EventId> unexplained() const {
    return unexplained_by(counted_, best_, std::numeric_limits<std::size_t>::max(), false);
  }

 private:
  struct Start {
    Counter counter;
    std::size_t unexplained = 0;
  };
  static constexpr std::size_t most_starts = 8;

  std::size_t count(const Counter& counter, std::size_t enough, bool only_telling) const {
    return unexplained_by(counted_, counter, enough, only_telling).size();
  }
  std::size_t fewest() const {
    return starts_.empty() ? std::numeric_limits<std::size_t>::max() - 1 : starts_[0].unexplained;
  }
  double furthest(double window_ns, int sign) const {
    double good = 0.0;
    for (double off = 0.001; off < 0.5; off *= 1.6) {
      if (!is_as_good(window_ns * (1 + sign * off))) break;
      good = off;
    }
    return window_ns * (1 + sign * good);
  }
  std::size_t most_kept() const {
    return starts_.size() < most_starts ? std::numeric_limits<std::size_t>::max() - 1
                                        : starts_.back().unexplained;
  }
  void set(Counter& counter, double window_ns, double phase_share) const {
    counter.window_ns = std::max<std::int64_t>(std::llround(window_ns), 1);
    counter.phase_ns = middle_ns_ + std::llround(phase_share * window_ns);
  }

  void keep_best() {
    std::stable_sort(starts_.begin(), starts_.end(),
                     [](const Start& a, const Start& b) { return a.unexplained < b.unexplained; });
    if (starts_.size() > most_starts) starts_.resize(most_starts);
  }

  bool improve(Start& start, double step) const {
    const Counter center = start.counter;
    const auto window = static_cast<double>(center.window_ns);
    const double phase = static_cast<double>(center.phase_ns - middle_ns_) / window;
    bool is_better = false;
    for (const double dw : {-1.0, 0.0, 1.0}) {
      for (const double dp : {-1.0, 0.0, 1.0}) {
        if ((center.kind != Kind::counter_epoch && dp != 0.0) || (dw == 0.0 && dp == 0.0)) continue;
        Counter counter = center;
        set(counter, window * (1 + dw * step), phase + dp * step);
        const std::size_t found = count(counter, start.unexplained, false);
        if (found >= start.unexplained) continue;
        start = {counter, found};
        is_better = true;
      }
    }
    return is_better && start.unexplained > 0;
  }

  Counted counted_;
  std::int64_t middle_ns_;
  Counter best_;
  std::vector<Start> starts_;
  std::size_t fewest_ = 0;
};

}  // namespace

Fit fit_counter(const Clues& clues, Kind kind) {
  constexpr int phases = 20;
  std::int64_t span = 0;
  std::int64_t end = 0;
  for (const History& history : clues.histories) {
    if (history.empty()) continue;
    span = std::max(span, history.back().decided - history.front().sent);
    end = std::max(end, history.back().decided);
  }
  CounterSearch search(clues.histories, kind, end / 2);
  const std::int64_t limit = least_before_denial(clues.histories);
  const double longest = std::min(static_cast<double>(span) * 1.5 + 2e8, 1e11);
  if (kind == Kind::counter_epoch) {
    search.scan(limit, 1e8, longest, 0.03, phases);
  } else {
    search.scan(limit, 1e8, longest, 0.01, 1);
  }
  search.refine();
  Fit fit;
  fit.kind = kind;
  fit.limit = fit.least_limit = fit.most_limit = search.best().limit;
  const auto [least, most] = search.range();
  fit.least_window_ns = least;
  fit.most_window_ns = most;
  Counter round;
  const Duration roundest = roundest_duration(least, most);
  const double middle = (least + most) / 2;
  if (search.is_as_good(static_cast<double>(roundest.ns()), &round) ||
      search.is_as_good(middle, &round)) {
    search.choose(round);
  }
  fit.window = Duration::from_ns(search.best().window_ns);
  fit.phase_ns = search.best().phase_ns;
  fit.unexplained = search.unexplained();
  return fit;
}

}  // namespace weir::probe
