#include <algorithm>
#include <cmath>

#include "probe/inquiry.hpp"

namespace weir::probe {
namespace {

/// Windows and rates are known well enough within this share.
constexpr double sharp_enough = 0.03;

}  // namespace

void Inquiry::sharpen() {
  for (int round = 0; round < 4; ++round) {
    if (target_.stopped() != Stop::none || fits_.empty()) return;
    // A copy: each experiment fits anew.
    const Fit best = fits_.front();
    const std::size_t before = result_.facts.experiments.size();
    const double looseness = best.looseness();
    if (looseness <= sharp_enough && best.least_limit == best.most_limit) return;
    const bool prolongs =
        best.kind == Kind::log_count_denied || best.kind == Kind::counter_count_denied;
    if (prolongs) sharpen_by_single_questions();
    if (best.has_window() && !prolongs) sharpen_window();
    if (best.has_rate()) sharpen_rate();
    if (result_.facts.experiments.size() == before) return;
    // What does not help will not help the next time.
    if (fits_.front().looseness() > 0.9 * looseness && round > 0) return;
  }
}

// Where denied requests count, a question that comes too early makes the next one come too early as
// well: one for each key, at instants between which the window may end. Nothing is asked for before
// that would be denied, so that it ends for one request as soon as for the first.
void Inquiry::sharpen_by_single_questions() {
  constexpr std::int64_t most_questions = 8;
  const Fit& best = fits_.front();
  const Guess guess = guess_of(best);
  const auto least = std::llround(best.least_window_ns);
  const auto most = std::llround(std::min(best.most_window_ns, 1.5 * best.least_window_ns));
  const std::int64_t burst_ns = guess.limit * spacing_ns_;
  const std::int64_t questions = refill_ns_ > 0 ? 1 : most_questions;
  Experiment experiment{"one question each", "When exactly does it end?", {}};
  for (std::int64_t n = 1; n <= questions; ++n) {
    Track track;
    track.key = fresh_key();
    add_evenly(track, 0, burst_ns, spacing_ns_);
    const std::int64_t at = least + (most - least) * n / (questions + 1);
    add_evenly(track, std::max(at, burst_ns), std::max(at, burst_ns) + 1, 1);
    track.steps.front().after = Duration::from_ns((n - 1) * (burst_ns + spacing_ns_));
    experiment.tracks.push_back(std::move(track));
    if (!can_afford(experiment)) {
      experiment.tracks.pop_back();
      break;
    }
  }
  if (!experiment.tracks.empty()) perform(std::move(experiment));
}

// Questions close to where the window may end.
void Inquiry::sharpen_window() {
  const Fit& best = fits_.front();
  const Guess guess = guess_of(best);
  const std::int64_t slack =
      std::max(evidence_.usual_round_trip_ns(), guess.period_ns / 50) + 2 * spacing_ns_;
  const std::int64_t from = std::llround(best.least_window_ns) - slack;
  const std::int64_t to =
      std::llround(std::min(best.most_window_ns, 1.5 * best.least_window_ns)) + slack;
  const std::int64_t every = std::max((to - from) / 24, spacing_ns_);
  Experiment experiment{"around the border", "When exactly does it end?", {}};
  for (int n = 0; n < 2; ++n) {
    Track track;
    track.key = fresh_key();
    add_evenly(track, 0, (guess.limit + 1) * spacing_ns_, spacing_ns_);
    add_evenly(track, std::max(from, (guess.limit + 1) * spacing_ns_) + n * every / 2, to, every);
    experiment.tracks.push_back(std::move(track));
    if (refill_ns_ > 0) break;
  }
  if (!can_afford(experiment)) experiment.tracks.resize(1);
  if (can_afford(experiment)) perform(std::move(experiment));
}

// A bucket that is asked for too much lets through its rate.
void Inquiry::sharpen_rate() {
  const Guess guess = guess_of(fits_.front());
  const double rate = static_cast<double>(guess.limit) / static_cast<double>(guess.period_ns);
  const auto every = std::max<std::int64_t>(std::llround(0.7 / rate), spacing_ns_);
  const std::int64_t questions = std::min<std::int64_t>(
      static_cast<std::int64_t>(target_.requests_left() / 2), guess.limit + 80);
  Track track;
  track.key = fresh_key();
  const std::int64_t burst_ns = (guess.limit + 2) * spacing_ns_;
  add_evenly(track, 0, burst_ns, spacing_ns_);
  const std::int64_t longest =
      std::min(every * (questions - guess.limit), target_.time_left().ns() / 2);
  add_evenly(track, burst_ns + every, burst_ns + longest, every);
  Experiment experiment{"too fast for long", "How much is let through in the long run?", {track}};
  if (can_afford(experiment)) perform(std::move(experiment));
}

}  // namespace weir::probe
