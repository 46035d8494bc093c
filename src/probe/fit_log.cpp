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

// A denial: the limit's worth of requests before it is not yet a window old.
Say denial(const History& history, EventId id, bool count_denied) {
  const Event& denied = history[id.event];
  Say say{id, true, denied.sent, {}};
  for (std::size_t e = 0; e < history.size(); ++e) {
    const bool counts = count_denied || history[e].may_be_admitted();
    if (!counts || e == id.event || history[e].sent > denied.decided) continue;
    say.times.push_back(std::min(history[e].decided, denied.decided));
  }
  return say;
}

// An admission: what came the limit's worth of requests before it is a window old. Of those
// admitted any order will do; denied ones count if they surely came before.
Say admission(const History& history, EventId id, bool count_denied) {
  const Event& last = history[id.event];
  Say say{id, false, last.decided, {}};
  for (std::size_t e = 0; e < history.size(); ++e) {
    const Event& event = history[e];
    if (e == id.event || !event.is_known) continue;
    const bool counts =
        event.allowed ? event.decided <= last.decided : count_denied && event.decided <= last.sent;
    if (counts) say.times.push_back(event.sent);
  }
  return say;
}

std::vector<Say> all_said(const Histories& histories, bool count_denied) {
  std::vector<Say> said;
  for (std::uint32_t k = 0; k < histories.size(); ++k) {
    for (std::uint32_t e = 0; e < histories[k].size(); ++e) {
      const Event& event = histories[k][e];
      if (!event.is_known) continue;
      said.push_back(event.allowed ? admission(histories[k], {k, e}, count_denied)
                                   : denial(histories[k], {k, e}, count_denied));
      std::sort(said.back().times.begin(), said.back().times.end(), std::greater<>());
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
  const auto said = all_said(clues.histories, count_denied);
  const std::int64_t most = least_before_denial(clues.histories);
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
