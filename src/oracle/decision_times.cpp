#include "oracle/decision_times.hpp"

#include <algorithm>
#include <cmath>

namespace weir::oracle {
namespace {

constexpr std::array<Latitude, 6> all_latitudes = {
    Latitude{0.5, 2, Duration(), Duration()},
    Latitude{0.9, 2, Duration(), Duration::from_us(200)},
    Latitude{0.99, 2, Duration::from_ms(1), Duration::from_ms(1)},
    Latitude{1.0, 1, Duration::from_ms(5), Duration::from_ms(5)},
    Latitude{1.0, 1, Duration::from_ms(20), Duration::from_ms(20)},
    Latitude{1.0, 1, Duration::from_ms(50), Duration::from_ms(50)}};

/// Where it does not matter when requests end. The last leaves no denial out.
constexpr std::array<Latitude, 3> decision_latitudes = {
    Latitude{0.9, 2, Duration::from_ms(1), Duration()},
    Latitude{0.99, 3, Duration::from_ms(10), Duration()},
    Latitude{1.0, 3, Duration::from_ms(10), Duration()}};

}  // namespace

std::vector<Duration> denial_times(const std::vector<Observation>& observations) {
  std::vector<Duration> times;
  for (const Observation& observation : observations) {
    if (!observation.allowed) times.push_back(observation.received - observation.sent);
  }
  std::sort(times.begin(), times.end());
  return times;
}

std::vector<Duration> decision_times(const std::vector<Observation>& observations, bool delays) {
  constexpr Duration least = Duration::from_ms(10);
  const std::vector<Duration> denials = denial_times(observations);
  if (says_enough(denials)) {
    std::vector<Duration> times;
    for (const Latitude& latitude : decision_latitudes) {
      // Answers that are not held back say enough.
      if (!delays && latitude.share < 0.99) continue;
      const Duration time = time_to_decide(denials, latitude);
      if (times.empty() || time > times.back()) times.push_back(time);
    }
    times.push_back(Duration::max());
    return times;
  }
  if (!delays) return {Duration::max()};
  Duration fastest = Duration::max();
  for (const Observation& observation : observations) {
    fastest = std::min(fastest, observation.received - observation.sent);
  }
  return {fastest * 10 + least, Duration::max()};
}

double most_later(const std::vector<Observation>& observations, Duration decided_within) {
  // What is served at once answers late only where it is stalled, and then anything may have been
  // decided late.
  constexpr double seldom = 0.025;
  // With such a share of stalled denials hardly ever more would have been stalled; what is stalled
  // within a burst is more likely to be admitted than the rest of it.
  constexpr double unseen = 9.2;
  constexpr double deviations = 4.3;
  constexpr double likelier = 3.0;
  double denials = 0.0;
  double late_denials = 0.0;
  double slow_answers = 0.0;
  double admitted = 0.0;
  for (const Observation& observation : observations) {
    const bool is_slow = observation.received - observation.sent > decided_within;
    denials += observation.allowed ? 0.0 : 1.0;
    late_denials += !observation.allowed && is_slow ? 1.0 : 0.0;
    admitted += observation.allowed ? 1.0 : 0.0;
    slow_answers += observation.allowed && is_slow ? 1.0 : 0.0;
  }
  if (slow_answers <= seldom * admitted) return slow_answers;
  const double share =
      (late_denials + unseen + deviations * std::sqrt(late_denials)) / std::max(denials, 1.0);
  return std::min(slow_answers, likelier * share * admitted);
}

const std::array<Latitude, 6>& latitudes() { return all_latitudes; }

Duration time_to_decide(const std::vector<Duration>& denials, const Latitude& latitude) {
  if (denials.empty()) return Duration::max();
  const auto last = static_cast<double>(denials.size() - 1);
  const Duration took = denials[static_cast<std::size_t>(last * latitude.share)];
  return std::max(took * latitude.times, latitude.least);
}

}  // namespace weir::oracle
