#include "probe/experiments.hpp"

#include <algorithm>
#include <cmath>

namespace weir::probe {
namespace {

/// How many questions are asked in the time in which an allowance comes back.
constexpr std::int64_t questions_a_period = 25;

// A step that is due so long after the track's begin.
void add_at(Track& track, std::int64_t at_ns) {
  std::int64_t before = 0;
  for (const Step& step : track.steps) before += step.after.ns();
  track.steps.push_back({Duration::from_ns(std::max<std::int64_t>(at_ns - before, 0)), false});
}

void add_burst(Track& track, std::int64_t at_ns, std::int64_t count, std::int64_t spacing_ns) {
  for (std::int64_t n = 0; n < count; ++n) add_at(track, at_ns + n * spacing_ns);
}

std::int64_t share(std::int64_t of_ns, double part) {
  return std::llround(static_cast<double>(of_ns) * part);
}

}  // namespace

Track burst(KeyNumbers key, std::int64_t count, std::int64_t spacing_ns,
            std::uint32_t ends_after_denials) {
  Track track;
  track.key = std::move(key);
  for (std::int64_t n = 0; n < count; ++n) {
    track.steps.push_back({Duration::from_ns(n == 0 ? 0 : spacing_ns), false});
  }
  track.ends_after_denials = ends_after_denials;
  return track;
}

Track one_by_one(KeyNumbers key, std::int64_t count) {
  Track track;
  track.key = std::move(key);
  track.steps.assign(static_cast<std::size_t>(count), Step{Duration(), true});
  return track;
}

Track ask_until_admitted(KeyNumbers key, std::int64_t first_ns, std::int64_t longest_ns) {
  constexpr std::int64_t growth_percent = 6;
  Track track;
  track.key = std::move(key);
  for (std::int64_t total = 0, next = first_ns; total < longest_ns;) {
    track.steps.push_back({Duration::from_ns(next), true});
    total += next;
    next = std::max(first_ns, total * growth_percent / 100);
  }
  track.ends_after_admissions = 1;
  return track;
}

Track ask_rarely(KeyNumbers key, std::int64_t first_ns, std::int64_t longest_ns) {
  Track track;
  track.key = std::move(key);
  for (std::int64_t next = first_ns; next < longest_ns; next += next / 2) {
    track.steps.push_back({Duration::from_ns(next), true});
  }
  track.ends_after_admissions = 1;
  return track;
}

Track part_of(const Track& track, std::int64_t from_ns, std::int64_t to_ns) {
  Track part = track;
  part.steps.clear();
  std::int64_t due_ns = 0;
  std::int64_t before_ns = from_ns;
  for (const Step& step : track.steps) {
    due_ns += step.after.ns();
    if (due_ns < from_ns || due_ns >= to_ns) continue;
    part.steps.push_back({Duration::from_ns(due_ns - before_ns), step.waits});
    before_ns = due_ns;
  }
  return part;
}

void add_evenly(Track& track, std::int64_t from_ns, std::int64_t to_ns, std::int64_t every_ns) {
  for (std::int64_t at = from_ns; at < to_ns; at += std::max<std::int64_t>(every_ns, 1)) {
    add_at(track, at);
  }
}

Track in_parts(KeyNumbers key, const Guess& guess, double rest_at) {
  Track track;
  track.key = std::move(key);
  const std::int64_t first = std::max<std::int64_t>(guess.limit / 4, 1);
  const std::int64_t later = share(guess.period_ns, rest_at);
  add_burst(track, 0, first, guess.spacing_ns);
  add_burst(track, later, guess.limit - first + 2, guess.spacing_ns);
  const std::int64_t full = later + (guess.limit - first + 4) * guess.spacing_ns;
  const std::int64_t every = std::max(guess.period_ns / questions_a_period, guess.spacing_ns);
  const std::int64_t back = std::max(full, share(guess.period_ns, 1.08));
  add_burst(track, back, first + 5, guess.spacing_ns);
  add_evenly(track, back + (first + 5) * guess.spacing_ns + every, share(guess.period_ns, 2.1),
             2 * every);
  return track;
}

Track burst_and_ask(KeyNumbers key, const Guess& guess) {
  Track track;
  track.key = std::move(key);
  add_burst(track, 0, guess.limit + 2, guess.spacing_ns);
  const std::int64_t every = std::max(guess.period_ns / questions_a_period, guess.spacing_ns);
  add_evenly(track, (guess.limit + 2) * guess.spacing_ns + every, share(guess.period_ns, 2.2),
             every);
  return track;
}

Track burst_after_silence(KeyNumbers key, const Guess& guess, double silence) {
  Track track;
  track.key = std::move(key);
  add_burst(track, 0, guess.limit + 2, guess.spacing_ns);
  const std::int64_t burst_ns = (guess.limit + 2) * guess.spacing_ns;
  add_burst(track, std::max(share(guess.period_ns, silence), burst_ns), guess.limit + 2,
            guess.spacing_ns);
  return track;
}

Track many_before_silence(KeyNumbers key, const Guess& guess, double silence) {
  Track track;
  track.key = std::move(key);
  const std::int64_t burst_ns = 2 * guess.limit * guess.spacing_ns;
  add_burst(track, 0, 2 * guess.limit, guess.spacing_ns);
  add_burst(track, burst_ns + share(guess.period_ns, silence), guess.limit, guess.spacing_ns);
  return track;
}

Track too_fast(KeyNumbers key, const Guess& guess) {
  Track track;
  track.key = std::move(key);
  const std::int64_t every = guess.period_ns * 3 / (guess.limit * 4);
  add_evenly(track, 0, guess.period_ns * 2, std::max(every, guess.spacing_ns));
  return track;
}

std::uint64_t requests_of(const Experiment& experiment) {
  std::uint64_t requests = 0;
  for (const Track& track : experiment.tracks) requests += track.steps.size();
  return requests;
}

std::int64_t duration_ns_of(const Experiment& experiment, std::int64_t round_trip_ns) {
  std::int64_t longest = 0;
  for (const Track& track : experiment.tracks) {
    std::int64_t total = round_trip_ns;
    for (const Step& step : track.steps) {
      total += step.after.ns() + (step.waits ? round_trip_ns : 0);
    }
    longest = std::max(longest, total);
  }
  return longest;
}

}  // namespace weir::probe
