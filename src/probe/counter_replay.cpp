#include "probe/counter_replay.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/int128.hpp"

namespace weir::probe {
namespace {

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

  /// By how many requests the count would have to be another for the next event to be as it was;
  /// 0 where it is not asked.
  double misfit_of_next(bool is_asked) {
    const Event& event = history_[next_++];
    if (!is_of_epoch(counter_.kind)) anchor(event);
    if (!event.is_known || !is_asked) return 0.0;
    const std::int64_t from = event.sent - slack_ns_;
    const std::int64_t to = event.decided + slack_ns_;
    double misfit = std::numeric_limits<double>::infinity();
    for (std::int64_t w = window_of(from); w <= window_of(to) && misfit > 0.0; ++w) {
      const std::int64_t begin = phase_ns_ + w * step_ns_;
      misfit = std::min(misfit,
                        event.allowed ? too_many(event, begin, to) : too_few(event, begin, from));
    }
    return misfit;
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

  // By how much the count exceeds what admits; the least of what is possible.
  double too_many(const Event& event, std::int64_t begin, std::int64_t at) const {
    const std::int64_t last = begin + step_ns_ - 1;
    const std::int64_t previous =
        count_.surely(surely_from(begin - step_ns_), begin - 1 - slack_ns_);
    const std::int64_t current = count_.surely_before(event, surely_from(begin), last - slack_ns_);
    const double count = used(previous, begin + counter_.window_ns - std::min(at, last), current);
    return std::max(count - room(), 0.0);
  }
  // By how much the count misses what denies.
  double too_few(const Event& event, std::int64_t begin, std::int64_t at) const {
    const std::int64_t last = begin + step_ns_ - 1;
    const std::int64_t itself = count_.counts(event) ? 1 : 0;
    const std::int64_t previous = count_.maybe(begin - step_ns_ - slack_ns_, begin - 1 + slack_ns_);
    const std::int64_t current =
        count_.maybe(begin - slack_ns_, std::min(event.decided, last + slack_ns_));
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
