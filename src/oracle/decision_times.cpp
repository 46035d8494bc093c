#include "oracle/decision_times.hpp"

#include <algorithm>

namespace weir::oracle {
namespace {

constexpr std::array<Latitude, 6> all_latitudes = {
    Latitude{0.5, 2, Duration(), Duration()},
    Latitude{0.9, 2, Duration(), Duration::from_us(200)},
    Latitude{0.99, 2, Duration::from_ms(1), Duration::from_ms(1)},
    Latitude{1.0, 1, Duration::from_ms(5), Duration::from_ms(5)},
    Latitude{1.0, 1, Duration::from_ms(20), Duration::from_ms(20)},
    Latitude{1.0, 1, Duration::from_ms(50), Duration::from_ms(50)}};

}  // namespace

std::vector<Duration> denial_times(const std::vector<Observation>& observations) {
  constexpr std::size_t enough_denials = 30;
  std::vector<Duration> times;
  for (const Observation& observation : observations) {
    if (!observation.allowed) times.push_back(observation.received - observation.sent);
  }
  if (times.size() < enough_denials) times.clear();
  std::sort(times.begin(), times.end());
  return times;
}

Duration decision_time(const std::vector<Observation>& observations, bool delays) {
  constexpr Duration least = Duration::from_ms(10);
  const std::vector<Duration> denials = denial_times(observations);
  if (!denials.empty()) return std::max(denials.back() * 3, least);
  if (!delays) return Duration::max();
  Duration fastest = Duration::max();
  for (const Observation& observation : observations) {
    fastest = std::min(fastest, observation.received - observation.sent);
  }
  return fastest * 10 + least;
}

const std::array<Latitude, 6>& latitudes() { return all_latitudes; }

Duration time_to_decide(const std::vector<Duration>& denials, const Latitude& latitude) {
  if (denials.empty()) return Duration::max();
  const auto last = static_cast<double>(denials.size() - 1);
  const Duration took = denials[static_cast<std::size_t>(last * latitude.share)];
  return std::max(took * latitude.times, latitude.least);
}

}  // namespace weir::oracle
