#include <algorithm>
#include <cmath>

#include "probe/fit.hpp"
#include "probe/round_numbers.hpp"

namespace weir::probe {
namespace {

constexpr std::int64_t noise_ns = 5'000'000;

/// Bursts whose admissions were let go one by one.
struct Release {
  /// The time between two of them, from the bursts that say the most.
  double interval_ns = 0.0;
  double slack_ns = 0.0;
  std::int64_t undelayed = 0;
  std::size_t bursts = 0;
};

// The first admissions of a key as they were let go, up to the last of a run that was held back
// without a gap: as long as the next comes before the one before it is let go, they leave one
// interval apart.
std::vector<const Event*> leading_burst(const History& history, std::int64_t round_trip_ns) {
  constexpr std::int64_t pause_ns = 25'000'000;
  std::vector<const Event*> admitted;
  for (const Event& event : history) {
    if (event.is_admitted()) admitted.push_back(&event);
  }
  std::stable_sort(admitted.begin(), admitted.end(),
                   [](const Event* a, const Event* b) { return a->received < b->received; });
  std::vector<const Event*> burst;
  std::size_t up_to_held = 0;
  for (const Event* event : admitted) {
    const bool is_held = event->received - event->sent > 2 * round_trip_ns + noise_ns;
    if (up_to_held > 0 && !is_held) break;
    if (!burst.empty() && up_to_held == 0 && event->sent > burst.back()->received + pause_ns) {
      burst.clear();
    }
    burst.push_back(event);
    if (is_held) up_to_held = burst.size();
  }
  burst.resize(up_to_held);
  return burst;
}

/// What one burst says of the release, when each of its admissions was received.
Release release_of(std::vector<std::int64_t> received, std::int64_t round_trip_ns) {
  Release release;
  std::sort(received.begin(), received.end());
  const std::size_t last = received.size() - 1;
  const auto measure_from = [&](std::size_t first) {
    const auto steps = static_cast<double>(last - first);
    release.interval_ns = static_cast<double>(received[last] - received[first]) / steps;
    release.slack_ns = static_cast<double>(round_trip_ns + noise_ns / 5) / steps;
  };
  measure_from(last / 2);
  const double held = static_cast<double>(received[last] - received[0]) / release.interval_ns;
  release.undelayed = std::max<std::int64_t>(std::llround(static_cast<double>(last) - held), 0);
  if (release.undelayed <= 1) measure_from(0);
  return release;
}

// The n-th of a burst is let go n intervals after the first, less those that are not held back. Of
// the longest bursts the one in the middle tells the interval: in any other something may have been
// late.
Release release_of(const Clues& clues) {
  std::size_t bursts = 0;
  std::size_t longest = 0;
  std::vector<Release> releases;
  for (const History& history : clues.histories) {
    const auto burst = leading_burst(history, clues.round_trip_ns);
    if (burst.size() < 2) continue;
    std::vector<std::int64_t> received;
    std::int64_t quickest = burst[0]->received - burst[0]->sent;
    for (const Event* event : burst) {
      received.push_back(event->received);
      quickest = std::min(quickest, event->received - event->sent);
    }
    // If none goes at once, whatever answers is slow.
    if (quickest > 2 * clues.round_trip_ns + noise_ns) continue;
    ++bursts;
    if (received.size() < longest) continue;
    if (received.size() > longest) releases.clear();
    longest = received.size();
    releases.push_back(release_of(std::move(received), clues.round_trip_ns));
  }
  if (releases.empty()) return {};
  const auto middle = releases.begin() + static_cast<std::ptrdiff_t>((releases.size() - 1) / 2);
  std::nth_element(
      releases.begin(), middle, releases.end(),
      [](const Release& a, const Release& b) { return a.interval_ns < b.interval_ns; });
  middle->bursts = bursts;
  return *middle;
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

Fit fit_bucket_or_queue(const Clues& clues) {
  constexpr double fastest_rate = 1e-5;
  const Release release = clues.held_back ? release_of(clues) : Release();
  if (release.bursts < 2 || release.interval_ns <= release.slack_ns) {
    return fit_bucket(clues, 0.0, fastest_rate);
  }
  const double least = 1.0 / (release.interval_ns + release.slack_ns);
  const double most = 1.0 / (release.interval_ns - release.slack_ns);
  Fit fit = fit_bucket(clues, least, std::min(most, fastest_rate));
  const bool holds_all = release.undelayed <= 1;
  fit.kind = holds_all ? Kind::queue : Kind::bucket_with_delay;
  fit.undelayed = holds_all ? 0 : release.undelayed;
  return fit;
}

}  // namespace weir::probe
