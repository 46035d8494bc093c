#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "probe/forecast.hpp"
#include "probe/inquiry.hpp"

namespace weir::probe {
namespace {

constexpr int most_rounds = 12;

// Very many decisions that differ say more, but not as much more.
double worth_of(std::size_t differ) {
  const auto some = static_cast<double>(std::min<std::size_t>(differ, 8));
  const auto more = static_cast<double>(std::clamp<std::size_t>(differ, 8, 56) - 8);
  return differ >= clearly_worse ? some + more / 4 : some / 4;
}

/// A budget as options of the command, rounded up.
std::string budget_text(std::uint64_t requests, Duration time) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  return fmt::format("--max-requests {} --max-time {}s", (requests + 99) / 100 * 100,
                     (time.ns() / second_ns + 10) / 10 * 10);
}

}  // namespace

std::vector<const Fit*> Inquiry::alive() const {
  std::vector<const Fit*> found;
  for (const Fit& fit : fits_) {
    if (fit.unexplained.size() < fits_.front().unexplained.size() + clearly_worse) {
      found.push_back(&fit);
    }
  }
  return found;
}

void Inquiry::tell_apart() {
  while (rounds_ < most_rounds) {
    const bool is_explained = fits_.front().unexplained.size() < clearly_worse;
    if (alive().size() < 2 && rounds_ > 0 && is_explained) return;
    constexpr int rounds_with_one = 3;
    if (!is_explained && rounds_ >= rounds_with_one && !is_slower_ && leave_to_second()) return;
    if (!try_best_of_menu()) return;
  }
}

// By how much the kinds that are left would differ in an experiment, for its price; what was tried
// before has said most of what it can.
double Inquiry::score(const Experiment& experiment) const {
  const auto left = alive();
  const std::int64_t begin = (target_.now() - evidence_.begin()).ns() + refill_ns_;
  const std::int64_t round_trip = evidence_.usual_round_trip_ns();
  std::vector<std::vector<std::vector<bool>>> forecasts;
  for (const Fit& fit : fits_) forecasts.push_back(forecast(fit, experiment, begin, round_trip));
  double score = 0.0;
  for (std::size_t a = 0; a < left.size(); ++a) {
    // With one left, what the others would do is still a test of it.
    const std::size_t others = left.size() > 1 ? left.size() : fits_.size();
    for (std::size_t b = a + 1; b < others; ++b) {
      score += worth_of(differing(forecasts[a], forecasts[b]));
    }
  }
  const auto tried = tried_.find(experiment.name);
  const int times = tried == tried_.end() ? 0 : tried->second;
  const double seconds = static_cast<double>(duration_ns_of(experiment, round_trip)) / 1e9;
  const double price = static_cast<double>(requests_of(experiment)) / 8 + seconds + 5.0;
  return times > 3 ? 0.0 : score / std::sqrt(price) / std::pow(2.0, times);
}

// What may be tried next, the best first; of all that there is, or what the budget affords.
std::vector<std::pair<double, Experiment>> Inquiry::scored_menu(bool is_affordable) {
  std::vector<std::pair<double, Experiment>> scored;
  const std::uint64_t keys_before = next_key_;
  for (const Fit* fit : alive()) {
    // Not the same instants again: those have said what they can.
    Guess guess = guess_of(*fit);
    guess.period_ns += guess.period_ns * 9 * (rounds_ % 4) / 100;
    for (Experiment& experiment : menu(guess, [this] { return fresh_key(); })) {
      if (is_affordable && !can_afford(experiment)) continue;
      const double worth = score(experiment);
      if (worth > 0.0) scored.emplace_back(worth, std::move(experiment));
    }
  }
  next_key_ = keys_before;
  std::stable_sort(scored.begin(), scored.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  return scored;
}

// The best few run beside each other, on keys of their own, one burst after the other.
bool Inquiry::try_best_of_menu() {
  const auto scored = scored_menu(true);
  // More of them where time is what is short.
  const std::int64_t each_ns =
      scored.empty() ? 0 : duration_ns_of(scored.front().second, evidence_.usual_round_trip_ns());
  const std::size_t most_beside = 4 * each_ns > target_.time_left().ns() ? 6 : 3;
  ++rounds_;
  Experiment chosen;
  std::set<std::string> names;
  std::int64_t offset_ns = 0;
  for (const auto& [worth, experiment] : scored) {
    if (names.size() >= most_beside || (refill_ns_ > 0 && !names.empty())) break;
    if (worth < scored.front().first / 3 || !names.insert(experiment.name).second) continue;
    Track track = experiment.tracks.front();
    track.key = fresh_key();
    track.steps.front().after += Duration::from_ns(offset_ns);
    Experiment with = chosen;
    with.tracks.push_back(std::move(track));
    if (!can_afford(with) ||
        requests_of(with) > std::max(target_.requests_left() * 2 / 3, requests_of(experiment))) {
      break;
    }
    ++tried_[experiment.name];
    with.name += (with.name.empty() ? "" : "; ") + experiment.name;
    with.question = experiment.question;
    chosen = std::move(with);
    offset_ns += (first_limit_ + 8) * spacing_ns_;
  }
  return !chosen.tracks.empty() && !perform(std::move(chosen)).empty();
}

// What the next experiments that would tell apart what is left take beside what was used: several
// of the best, and, where answers told when the allowance is whole again, twice that.
std::string Inquiry::needed_budget() {
  constexpr std::uint64_t experiments = 4;
  Duration told;
  for (const ProbeResult::Seen& seen : result_.sightings) {
    for (const auto& wait : {seen.sighting.told.retry_after, seen.sighting.told.reset_after}) {
      // Longer ones are instants rather than waits.
      if (wait && *wait < Duration::from_seconds(7 * 86'400)) told = std::max(told, *wait);
    }
  }
  const auto scored = scored_menu(false);
  if (scored.empty() && told == Duration()) return "";
  std::uint64_t requests = 0;
  std::int64_t time_ns = 2 * told.ns();
  if (!scored.empty()) {
    const Experiment& next = scored.front().second;
    requests += experiments * requests_of(next);
    const std::int64_t each = duration_ns_of(next, evidence_.usual_round_trip_ns()) + refill_ns_;
    time_ns += static_cast<std::int64_t>(experiments) * each;
  }
  return larger_budget(requests, Duration::from_ns(time_ns));
}

// Never less than there was: and if little more would have done, that was used up for other ends,
// so that it takes twice of what ran out first.
std::string Inquiry::larger_budget(std::uint64_t more_requests, Duration more_time) const {
  const std::uint64_t requests_given = result_.facts.requests_used + target_.requests_left();
  const Duration time_given = result_.facts.time_used + std::max(target_.time_left(), Duration());
  std::uint64_t requests = std::max(result_.facts.requests_used + more_requests, requests_given);
  Duration time = std::max(result_.facts.time_used + more_time, time_given);
  if (requests * 5 < requests_given * 6 && time.ns() / 6 < time_given.ns() / 5) {
    const auto share_of_requests = static_cast<double>(result_.facts.requests_used) /
                                   static_cast<double>(std::max<std::uint64_t>(requests_given, 1));
    const double share_of_time = static_cast<double>(result_.facts.time_used.ns()) /
                                 static_cast<double>(std::max<std::int64_t>(time_given.ns(), 1));
    if (share_of_requests > share_of_time) {
      requests *= 2;
    } else {
      time = Duration::from_ns(2 * time.ns());
    }
  }
  return budget_text(requests, time);
}

}  // namespace weir::probe
