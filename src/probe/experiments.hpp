#pragma once

#include <cstdint>
#include <vector>

#include "probe/experiment.hpp"

namespace weir::probe {

/// What experiments are made from: the shortest distance of requests, and what is known of a limit.
struct Guess {
  std::int64_t spacing_ns = 5'000'000;
  std::int64_t limit = 10;
  /// How long until a key's whole allowance is back.
  std::int64_t period_ns = 1'000'000'000;
  /// Whether requests have to keep the distance, for another limit not to show.
  bool is_paced = false;
};

/// So many at once, as fast as is allowed, until some are denied.
Track burst(KeyNumbers key, std::int64_t count, std::int64_t spacing_ns,
            std::uint32_t ends_after_denials);
/// One after the other, each when the one before was answered.
Track one_by_one(KeyNumbers key, std::int64_t count);
/// Ever more slowly, each when the one before was answered, until one is admitted.
Track ask_until_admitted(KeyNumbers key, std::int64_t first_ns, std::int64_t longest_ns);
/// After ever longer silences, until one is admitted.
Track ask_rarely(KeyNumbers key, std::int64_t first_ns, std::int64_t longest_ns);
/// The steps that are due from an instant after the track's begin on, before another.
Track part_of(const Track& track, std::int64_t from_ns, std::int64_t to_ns);
/// So many, evenly, from an instant to another after the track's begin.
void add_evenly(Track& track, std::int64_t from_ns, std::int64_t to_ns, std::int64_t every_ns);

/// Experiments that may tell kinds of limits apart, each with keys never used, which `fresh` makes.
template <class Fresh>
std::vector<Experiment> menu(const Guess& guess, Fresh&& fresh);

/// A part of the limit, the rest later, and how much has come back once the first part has.
Track in_parts(KeyNumbers key, const Guess& guess, double rest_at);
/// All of the limit, and then questions until it has come back twice.
Track burst_and_ask(KeyNumbers key, const Guess& guess);
/// All of the limit, silence, and all of it again.
Track burst_after_silence(KeyNumbers key, const Guess& guess, double silence);
/// Twice the limit, silence, and the limit's worth: where denied requests count it is not back.
Track many_before_silence(KeyNumbers key, const Guess& guess, double silence);
/// More than is let through, for two periods.
Track too_fast(KeyNumbers key, const Guess& guess);

template <class Fresh>
std::vector<Experiment> menu(const Guess& guess, Fresh&& fresh) {
  std::vector<Experiment> found;
  const auto add = [&found](std::string name, std::string question, Track track) {
    found.push_back({std::move(name), std::move(question), {std::move(track)}});
  };
  add("in parts, early", "Does what was asked first come back first?",
      in_parts(fresh(), guess, 0.3));
  add("in parts", "Does what was asked first come back first?", in_parts(fresh(), guess, 0.6));
  add("in parts, late", "Does what was asked first come back first?",
      in_parts(fresh(), guess, 0.85));
  add("burst, then ask", "When does how much come back?", burst_and_ask(fresh(), guess));
  add("burst after a short silence", "How much is back after a silence?",
      burst_after_silence(fresh(), guess, 0.4));
  add("burst after a silence", "How much is back after a silence?",
      burst_after_silence(fresh(), guess, 0.8));
  add("burst after a long silence", "How much is back after a silence?",
      burst_after_silence(fresh(), guess, 1.1));
  add("burst after a longer silence", "How much is back after a silence?",
      burst_after_silence(fresh(), guess, 1.5));
  add("too fast", "How much is let through in the long run?", too_fast(fresh(), guess));
  if (guess.is_paced) return found;
  add("many, then a silence", "Do denied requests count?",
      many_before_silence(fresh(), guess, 1.2));
  add("many, then a long silence", "Do denied requests count?",
      many_before_silence(fresh(), guess, 1.7));
  add("one by one", "Is it the number at once that counts?", one_by_one(fresh(), guess.limit + 4));
  return found;
}

/// How many requests an experiment may send, and how long it may take.
std::uint64_t requests_of(const Experiment& experiment);
std::int64_t duration_ns_of(const Experiment& experiment, std::int64_t round_trip_ns);

}  // namespace weir::probe
