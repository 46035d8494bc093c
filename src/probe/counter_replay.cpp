#include "probe/counter_replay.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/int128.hpp"

namespace weir::probe {
namespace {

/// Where a key's windows may begin, and what of that is known.
struct Anchored {
  std::int64_t phase_ns = 0;
  /// It may be so much earlier or later.
  std::int64_t slack_ns = 0;
  /// No request that counts in the first window was sent before.
  std::int64_t sent_ns = std::numeric_limits<std::int64_t>::min();
  /// When the window ends that was counted in last: at the earliest and the latest.
  std::int64_t least_end_ns = 0;
  std::int64_t most_end_ns = 0;
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
    if (is_of_epoch(counter.kind)) possible_[possible_count_++].phase_ns = counter.phase_ns;
  }

  /// By how many requests the count would have to be another for the next event to be as it was;
  /// 0 where it is not asked.
  double misfit_of_next(bool is_asked) {
    const Event& event = history_[next_++];
    if (!is_of_epoch(counter_.kind) && count_.counts(event)) anchor(event);
    if (!event.is_known || !is_asked || possible_count_ == 0) return 0.0;
    if (possible_count_ == 1) return misfit(event, possible_[0]);
    std::array<double, most_possible> misfits{};
    for (std::size_t p = 0; p < possible_count_; ++p) misfits[p] = misfit(event, possible_[p]);
    const double least = *std::min_element(misfits.begin(), misfits.begin() + possible_count_);
    if (least == 0.0) keep_those_without(misfits);
    return least;
  }

 private:
  static constexpr std::size_t most_possible = 4;

  double misfit(const Event& event, const Anchored& at) const {
    const std::int64_t from = event.sent - at.slack_ns;
    const std::int64_t to = event.decided + at.slack_ns;
    double misfit = std::numeric_limits<double>::infinity();
    const std::int64_t first = at.phase_ns + window_of(from, at) * step_ns_;
    for (std::int64_t begin = first; begin <= to && misfit > 0.0; begin += step_ns_) {
      misfit = std::min(
          misfit, event.allowed ? too_many(event, at, begin, to) : too_few(event, at, begin, from));
    }
    return misfit;
  }

  void keep_those_without(const std::array<double, most_possible>& misfits) {
    std::size_t kept = 0;
    for (std::size_t p = 0; p < possible_count_; ++p) {
      if (misfits[p] == 0.0) possible_[kept++] = possible_[p];
    }
    possible_count_ = kept;
  }

  // Where the windows begin with the first request, a new one begins them anew once nothing of the
  // last two counts any more; whether it does may be open.
  void anchor(const Event& event) {
    if (possible_count_ == 0) {
      possible_[possible_count_++] = anchored_at(event);
      return;
    }
    const std::size_t before = possible_count_;
    bool is_anew = false;
    std::size_t kept = 0;
    for (std::size_t p = 0; p < before; ++p) {
      Anchored at = possible_[p];
      const bool may_be_anew = event.decided >= at.least_end_ns + counter_.window_ns;
      is_anew |= may_be_anew;
      if (may_be_anew && event.is_known && event.sent >= at.most_end_ns + counter_.window_ns) {
        continue;
      }
      count_in(event, at);
      possible_[kept++] = at;
    }
    possible_count_ = kept;
    if (is_anew && kept < most_possible) possible_[possible_count_++] = anchored_at(event);
  }

  // The first of those under way together that was decided began the windows.
  Anchored anchored_at(const Event& event) const {
    std::int64_t decided = event.decided;
    for (std::size_t e = next_; e < history_.size() && history_[e].sent < decided; ++e) {
      if (history_[e].is_known && count_.counts(history_[e])) {
        decided = std::min(decided, history_[e].decided);
      }
    }
    const std::int64_t half = (decided - event.sent) / 2;
    Anchored at{event.sent + half, half, event.sent, 0, 0};
    at.least_end_ns = at.phase_ns - half + step_ns_;
    at.most_end_ns = at.phase_ns + half + step_ns_;
    return at;
  }

  void count_in(const Event& event, Anchored& at) const {
    const auto end_of = [&](std::int64_t instant) {
      return at.phase_ns + (window_of(instant, at) + 1) * step_ns_;
    };
    if (event.is_known) {
      const std::int64_t least = end_of(event.sent - at.slack_ns) - at.slack_ns;
      at.least_end_ns = std::max(at.least_end_ns, least);
    }
    at.most_end_ns = std::max(at.most_end_ns, end_of(event.decided + at.slack_ns) + at.slack_ns);
  }

  // Requests of windows that begin with the first are in the first or later.
  std::int64_t surely_from(std::int64_t begin, const Anchored& at) const {
    return begin == at.phase_ns && at.sent_ns != std::numeric_limits<std::int64_t>::min()
               ? at.sent_ns
               : begin + at.slack_ns;
  }

  // By how much the count exceeds what admits; the least of what is possible.
  double too_many(const Event& event, const Anchored& anchored, std::int64_t begin,
                  std::int64_t at) const {
    const std::int64_t slack = anchored.slack_ns;
    const std::int64_t last = begin + step_ns_ - 1;
    const std::int64_t previous =
        count_.surely(surely_from(begin - step_ns_, anchored), begin - 1 - slack);
    const std::int64_t current =
        count_.surely_before(event, surely_from(begin, anchored), last - slack);
    const double count = used(previous, begin + counter_.window_ns - std::min(at, last), current);
    return std::max(count - room(), 0.0);
  }
  // By how much the count misses what denies.
  double too_few(const Event& event, const Anchored& anchored, std::int64_t begin,
                 std::int64_t at) const {
    const std::int64_t slack = anchored.slack_ns;
    const std::int64_t last = begin + step_ns_ - 1;
    const std::int64_t itself = count_.counts(event) ? 1 : 0;
    const std::int64_t previous = count_.maybe(begin - step_ns_ - slack, begin - 1 + slack);
    const std::int64_t current = count_.maybe(begin - slack, std::min(event.decided, last + slack));
    const double count =
        used(previous, begin + counter_.window_ns - std::max(at, begin), current - itself);
    return count > room() ? 0.0 : room() - count + least_misfit;
  }

  static constexpr double least_misfit = 1e-9;

  double room() const { return static_cast<double>(counter_.limit) + 1e-6; }
  double used(std::int64_t previous, std::int64_t left_ns, std::int64_t current) const {
    if (counter_.kind == Kind::fixed_epoch) return static_cast<double>(current + 1);
    double faded = static_cast<double>(previous) * static_cast<double>(left_ns) /
                   static_cast<double>(counter_.window_ns);
    if (counter_.kind == Kind::counter_count_denied) faded = std::floor(faded);
    return faded + static_cast<double>(current + 1);
  }
  std::int64_t window_of(std::int64_t instant, const Anchored& at) const {
    return floor_div(instant - at.phase_ns, step_ns_);
  }

  const History& history_;
  const WindowCount& count_;
  const Counter& counter_;
  std::int64_t step_ns_;
  std::array<Anchored, most_possible> possible_;
  std::size_t possible_count_ = 0;
  std::size_t next_ = 0;
};

/// Reads all that is asked until `hear`, which takes an event and its misfit, has heard enough.
template <class Hear>
void replay(const Counted& counted, const Counter& counter, bool only_telling, Hear&& hear) {
  for (std::uint32_t k = 0; k < counted.histories.size(); ++k) {
    const History& history = counted.histories[k];
    CounterReplay replay(history, counted.counts[k], counter);
    for (std::uint32_t e = 0; e < history.size(); ++e) {
      const double misfit = replay.misfit_of_next(!only_telling || counted.telling[k][e]);
      if (misfit > 0.0 && !hear(EventId{k, e}, misfit)) return;
    }
  }
}

}  // namespace

std::vector<EventId> unexplained_by(const Counted& counted, const Counter& counter,
                                    std::size_t enough) {
  std::vector<EventId> found;
  replay(counted, counter, false, [&](EventId id, double) {
    found.push_back(id);
    return found.size() <= enough;
  });
  return found;
}

double cost_of(const Counted& counted, const Counter& counter, double enough, bool only_telling) {
  constexpr double of_one = 0.2;
  constexpr double most_misfit = 2.0;
  double cost = 0.0;
  replay(counted, counter, only_telling, [&](EventId, double misfit) {
    cost += of_one + std::min(misfit, most_misfit);
    return cost <= enough;
  });
  return cost;
}

}  // namespace weir::probe
