#include <algorithm>
#include <functional>
#include <limits>

#include "probe/fit.hpp"
#include "probe/round_numbers.hpp"

namespace weir::probe {
namespace {

constexpr double longest_log_ns = 1e14;

/// What one decision says: for a limit of n, the window against the n-th time of it.
struct Say {
  EventId id;
  bool is_denial = false;
  std::int64_t at_ns = 0;
  /// The latest first.
  std::vector<std::int64_t> times;
};

/// A key's requests that count, as far as a log of at most so many goes.
class LogView {
 public:
  LogView(const History& history, bool count_denied, std::int64_t most)
      : history_(history), count_denied_(count_denied), most_(static_cast<std::size_t>(most)) {
    for (const Event& event : history) {
      if (count_denied || event.may_be_admitted()) decided_.push_back(event.decided);
    }
    std::sort(decided_.begin(), decided_.end());
  }

  // The limit's worth of requests before a denial is not yet a window old.
  Say denial(EventId id) const {
    const Event& denied = history_[id.event];
    Say say{id, true, denied.sent, {}};
    const auto end =
        std::upper_bound(history_.begin(), history_.end(), denied.decided,
                         [](std::int64_t at, const Event& event) { return at < event.sent; });
    // Those under way beside it, itself left out, may have come just before it.
    std::int64_t beside = 0;
    for (auto event = end; event != history_.begin();) {
      --event;
      if (!count_denied_ && !event->may_be_admitted()) continue;
      beside += event->decided > denied.decided ? 1 : 0;
      if (denied.sent - event->sent > widest_round_trip_ns) break;
    }
    say.times.assign(static_cast<std::size_t>(beside), denied.decided);
    auto at = std::upper_bound(decided_.begin(), decided_.end(), denied.decided);
    bool skips_itself = count_denied_;
    while (at != decided_.begin() && say.times.size() < most_) {
      --at;
      if (skips_itself && *at == denied.decided) {
        skips_itself = false;
        continue;
      }
      say.times.push_back(*at);
    }
    return say;
  }

  // What came the limit's worth of requests before an admission is a window old. Of those admitted
  // any order will do; denied ones count if they surely came before.
  Say admission(EventId id) const {
    const Event& last = history_[id.event];
    Say say{id, false, last.decided, {}};
    const auto end =
        std::upper_bound(history_.begin(), history_.end(), last.decided,
                         [](std::int64_t at, const Event& event) { return at < event.sent; });
    for (auto event = end; event != history_.begin() && say.times.size() < most_;) {
      --event;
      if (&*event == &last || !event->is_known) continue;
      const bool counts = event->allowed ? event->decided <= last.decided
                                         : count_denied_ && event->decided <= last.sent;
      if (counts) say.times.push_back(event->sent);
    }
    return say;
  }

 private:
  static constexpr std::int64_t widest_round_trip_ns = 2'000'000'000;

  const History& history_;
  bool count_denied_;
  std::size_t most_;
  std::vector<std::int64_t> decided_;
};

std::vector<Say> all_said(const Histories& histories, bool count_denied, std::int64_t most) {
  std::vector<Say> said;
  for (std::uint32_t k = 0; k < histories.size(); ++k) {
    const LogView view(histories[k], count_denied, most);
    for (std::uint32_t e = 0; e < histories[k].size(); ++e) {
      const Event& event = histories[k][e];
      if (!event.is_known) continue;
      said.push_back(event.allowed ? view.admission({k, e}) : view.denial({k, e}));
    }
  }
  return said;
}

Bounds bounds_of_window(const std::vector<Say>& said, std::int64_t limit) {
  Bounds bounds;
  const auto needed = static_cast<std::size_t>(limit);
  for (const Say& say : said) {
    const bool has = say.times.size() >= needed;
    if (say.is_denial) {
      bounds.above(
          has ? static_cast<double>(say.at_ns - say.times[needed - 1]) : 2 * longest_log_ns,
          say.id);
    } else if (has) {
      bounds.at_most(static_cast<double>(say.at_ns - say.times[needed - 1]), say.id);
    }
  }
  return bounds;
}

}  // namespace

Fit fit_log(const Clues& clues, bool count_denied) {
  Fit fit;
  fit.kind = count_denied ? Kind::log_count_denied : Kind::log;
  const std::int64_t most = least_before_denial(clues.histories);
  const auto said = all_said(clues.histories, count_denied, most);
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  double widest = -1.0;
  Bounds chosen;
  // A window that ends within the first burst admits more than its limit.
  for (std::int64_t limit = std::max<std::int64_t>(most * 2 / 3, 1); limit <= most; ++limit) {
    const Bounds bounds = bounds_of_window(said, limit);
    const Bounds::Best best = bounds.best(0.0, longest_log_ns);
    if (best.broken > fewest) continue;
    if (best.broken < fewest) {
      fewest = best.broken;
      widest = -1.0;
      fit.least_limit = limit;
    }
    fit.most_limit = limit;
    if (best.most - best.least <= widest) continue;
    widest = best.most - best.least;
    fit.limit = limit;
    fit.least_window_ns = best.least;
    fit.most_window_ns = best.most;
    chosen = bounds;
  }
  fit.window = roundest_duration(fit.least_window_ns, fit.most_window_ns);
  fit.unexplained = chosen.broken_by(static_cast<double>(fit.window.ns()));
  return fit;
}

}  // namespace weir::probe
