#include <algorithm>
#include <cmath>

#include "probe/fit.hpp"
#include "probe/round_numbers.hpp"

namespace weir::probe {
namespace {

/// How long each admission of a key was held back, beyond a round trip.
std::vector<std::int64_t> holds_of(const History& history, std::int64_t round_trip_ns) {
  std::vector<std::int64_t> holds;
  for (const Event& event : history) {
    if (event.is_admitted()) holds.push_back(event.received - event.sent - round_trip_ns);
  }
  return holds;
}

}  // namespace

// A slot is held from the decision to the answer; who was surely, and maybe, under way beside a
// request bounds the number of slots.
Fit fit_concurrency(const Clues& clues) {
  Bounds bounds;
  for (std::uint32_t k = 0; k < clues.histories.size(); ++k) {
    const History& history = clues.histories[k];
    for (std::uint32_t e = 0; e < history.size(); ++e) {
      const Event& event = history[e];
      if (!event.is_known) continue;
      std::int64_t surely = 0;
      std::int64_t maybe = 0;
      for (std::uint32_t n = 0; n < history.size(); ++n) {
        const Event& other = history[n];
        if (n == e || !other.may_be_admitted()) continue;
        const std::int64_t let_go = other.received - clues.round_trip_ns;
        surely += other.is_known && other.decided <= event.sent && let_go > event.decided ? 1 : 0;
        maybe += other.sent <= event.decided && other.received >= event.sent ? 1 : 0;
      }
      if (event.allowed) bounds.above(static_cast<double>(surely), {k, e});
      if (!event.allowed) bounds.at_most(static_cast<double>(maybe), {k, e});
    }
  }
  const Bounds::Best best = bounds.best(0.0, 1e6);
  Fit fit;
  fit.kind = Kind::concurrency;
  fit.least_limit = std::llround(best.least) + 1;
  fit.most_limit = std::llround(best.most);
  fit.limit = fit.most_limit;
  fit.held_ns = std::max<std::int64_t>(clues.usual_answer_ns - clues.round_trip_ns, 0);
  fit.unexplained = bounds.broken_by(static_cast<double>(fit.limit));
  return fit;
}

// A queue lets one go every so often, so that the n-th of a burst waits n times as long; what takes
// long for another reason does so from the first on.
Fit fit_delays(const Clues& clues, const Fit& bucket) {
  Fit fit = bucket;
  const double interval_ns = 1.0 / ((bucket.least_rate + bucket.most_rate) / 2);
  std::int64_t undelayed = 0;
  std::size_t first_at_once = 0;
  std::size_t first_late = 0;
  double longest_ns = 0.0;
  for (const History& history : clues.histories) {
    const auto holds = holds_of(history, clues.round_trip_ns);
    if (holds.size() < 2) continue;
    std::int64_t at_once = 0;
    for (const std::int64_t hold : holds) {
      if (static_cast<double>(hold) >= interval_ns * 0.6) break;
      ++at_once;
    }
    ++(at_once > 0 ? first_at_once : first_late);
    undelayed = std::max(undelayed, std::min(at_once, bucket.limit));
    longest_ns =
        std::max(longest_ns, static_cast<double>(*std::max_element(holds.begin(), holds.end())));
  }
  const auto held = static_cast<double>(std::max<std::int64_t>(bucket.limit - undelayed, 1));
  if (first_at_once <= first_late || longest_ns < 0.5 * held * interval_ns) return fit;
  fit.kind = undelayed > 2 ? Kind::bucket_with_delay : Kind::queue;
  fit.undelayed = undelayed > 2 ? undelayed - 1 : 0;
  return fit;
}

}  // namespace weir::probe
