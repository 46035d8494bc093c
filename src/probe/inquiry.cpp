#include "probe/inquiry.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "probe/forecast.hpp"
#include "probe/sighting_words.hpp"

namespace weir::probe {
namespace {

constexpr std::int64_t longest_return_ns = 25'000'000'000;

}  // namespace

Inquiry::Inquiry(Target& target, const ProbeOptions& options)
    : target_(target),
      options_(options),
      evidence_(target.now()),
      mask_(target.candidates(), true),
      key_supply_(target.candidates() == 0 ? UINT32_MAX : target.fresh_keys_left()),
      spacing_ns_(1'000'000'000 /
                  static_cast<std::int64_t>(std::max<std::uint64_t>(target.max_per_second(), 1))) {}

ProbeResult Inquiry::run() {
  find_first_denial();
  if (has_denials() && first_limit_ > 0) {
    find_key();
    find_return();
    tell_apart();
    sharpen();
    // Sharper numbers may let another kind explain as much.
    tell_apart();
    look_for_slower();
  }
  conclude();
  return std::move(result_);
}

// Once all keys of a file were used, they are used again; see perform() for their allowances.
KeyNumbers Inquiry::fresh_key() {
  const auto number =
      static_cast<std::uint32_t>(next_key_ % std::max<std::uint64_t>(key_supply_, 1));
  ++next_key_;
  return KeyNumbers(target_.candidates(), number);
}

bool Inquiry::has_denials() const {
  return !fits_.empty() && std::any_of(fits_.begin(), fits_.end(), [](const Fit& fit) {
    return fit.kind == Kind::none && !fit.unexplained.empty();
  });
}

// Where no key is fresh, too: what its key has left is asked for, not what comes back meanwhile.
Track Inquiry::as_it_is(Track track) const {
  track.not_before = target_.now();
  return track;
}

bool Inquiry::can_afford(const Experiment& experiment) const {
  const std::int64_t needed = duration_ns_of(experiment, evidence_.usual_round_trip_ns());
  return target_.stopped() == Stop::none && requests_of(experiment) <= target_.requests_left() &&
         needed + refill_ns_ < target_.time_left().ns();
}

std::vector<Sighting> Inquiry::perform(Experiment experiment) {
  if (target_.stopped() != Stop::none || requests_of(experiment) == 0) return {};
  // Where no key is fresh, the allowance of those there are has to come back.
  if (next_key_ > key_supply_ && !fits_.empty()) refill_ns_ = refill_of(fits_.front());
  if (refill_ns_ > 0) {
    for (Track& track : experiment.tracks) {
      if (!track.not_before) track.not_before = target_.now() + Duration::from_ns(refill_ns_);
    }
  }
  metrics::ProbeFacts::Experiment begun;
  begun.name = experiment.name;
  begun.question = experiment.question;
  begun.begin = target_.now();
  begun.requests = requests_of(experiment);
  if (options_.progress) options_.progress(begun);
  const Instant begin = target_.now();
  std::vector<Sighting> seen = target_.run(experiment);
  for (const Sighting& sighting : seen) {
    const KeyNumbers& key = experiment.tracks[sighting.track].key;
    evidence_.add(key, sighting);
    result_.sightings.push_back({key, sighting});
  }
  story(experiment, seen, seen.empty() ? begin : std::max(begin, seen.front().sent));
  fit();
  return seen;
}

void Inquiry::story(const Experiment& experiment, const std::vector<Sighting>& seen,
                    Instant begin) {
  metrics::ProbeFacts::Experiment& told = result_.facts.experiments.emplace_back();
  told.name = experiment.name;
  told.question = experiment.question;
  told.begin = begin;
  told.duration = target_.now() - begin;
  told.requests = seen.size();
  told.allowed = count_known(seen, true);
  told.denied = count_known(seen, false);
  told.unknown = told.requests - told.allowed - told.denied;
  told.showed = words_of_seen(seen, begin);
  for (const Sighting& sighting : seen) {
    told.seen.push_back({sighting.track, sighting.sent - begin, sighting.received - begin,
                         sighting.allowed, sighting.is_known});
  }
  result_.facts.requests_used += seen.size();
  result_.facts.time_used = target_.now() - evidence_.begin();
  if (options_.progress) options_.progress(told);
}

Clues Inquiry::clues() const {
  return {evidence_.by_key(mask_), fits_, evidence_.admissions_take_longer(),
          evidence_.usual_round_trip_ns(), evidence_.usual_answer_ns()};
}

void Inquiry::fit() { fits_ = fit_all(clues()); }

std::int64_t Inquiry::refill_of(const Fit& fit) {
  constexpr double longest_ns = 3e10;
  return std::llround(std::min(fit.period_ns() * 2.1, longest_ns));
}

Guess Inquiry::guess_of(const Fit& fit) const {
  Guess guess;
  guess.spacing_ns = spacing_ns_;
  guess.limit = std::max<std::int64_t>(fit.limit, 1);
  guess.is_paced = is_slower_;
  constexpr double shortest = 2e8;
  constexpr double longest = 6e10;
  guess.period_ns = std::llround(std::clamp(fit.period_ns(), shortest, longest));
  return guess;
}

// ---- What there is at all.

void Inquiry::find_first_denial() {
  constexpr std::int64_t most = 300;
  constexpr std::uint32_t denials = 4;
  const std::int64_t count =
      std::min<std::int64_t>(most, static_cast<std::int64_t>(target_.requests_left() / 3));
  first_key_ = fresh_key();
  const auto seen = perform({"burst",
                             "How many in a row are admitted?",
                             {burst(first_key_, count, spacing_ns_, denials)}});
  first_limit_ = admitted_before_denial(seen);
  if (!has_denials()) try_many_at_once();
}

void Inquiry::try_many_at_once() {
  const auto most = static_cast<std::int64_t>(std::min<std::uint64_t>(
      120, std::min(target_.max_per_second() * 3 / 4, target_.requests_left())));
  Track at_once = burst(fresh_key(), most, 0, 0);
  // Not sooner, lest the last second's requests leave no room for these to come at once.
  constexpr std::int64_t last_second_ns = 1'020'000'000;
  at_once.not_before = target_.now() + Duration::from_ns(last_second_ns);
  const auto seen =
      perform({"many at once", "Is the number of requests at once limited?", {at_once}});
  if (!has_denials()) return;
  // Then nothing shows unless requests come at once.
  first_limit_ = static_cast<std::int64_t>(count_known(seen, true));
  spacing_ns_ = 0;
}

// ---- What makes a key.

// All others as in the first burst, one fresh; and last all fresh.
Experiment Inquiry::other_keys() {
  const std::size_t candidates = target_.candidates();
  Experiment experiment{"other keys", "What makes another key?", {}};
  // The first key is used up, so that what comes back of it is not taken for a fresh key's.
  experiment.tracks.push_back(burst(first_key_, 2, 0, 0));
  for (std::size_t c = 0; c <= candidates; ++c) {
    if (candidates == 1 && c == 0) continue;
    KeyNumbers key = fresh_key();
    for (std::size_t other = 0; other < candidates && c < candidates; ++other) {
      if (other != c) key[other] = first_key_[other];
    }
    experiment.tracks.push_back(burst(key, std::min<std::int64_t>(first_limit_, 3), 0, 0));
  }
  return experiment;
}

void Inquiry::find_key() {
  const std::size_t candidates = target_.candidates();
  if (candidates == 0) {
    refill_ns_ = 1;
    return;
  }
  // Whose requests were all admitted, as far as is known, had a whole allowance.
  constexpr int most_tries = 3;
  std::vector<std::int64_t> admitted, denied;
  for (int tries = 0; tries < most_tries && target_.stopped() == Stop::none; ++tries) {
    const Experiment experiment = other_keys();
    admitted.assign(experiment.tracks.size(), 0);
    denied.assign(experiment.tracks.size(), 0);
    for (const Sighting& sighting : perform(experiment)) {
      if (sighting.is_known) ++(sighting.allowed ? admitted : denied)[sighting.track];
    }
    bool is_known = true;
    for (std::size_t t = 1; t < admitted.size(); ++t) {
      is_known = is_known && admitted[t] + denied[t] > 0;
    }
    if (is_known) break;
  }
  if (admitted.empty()) return;
  if (admitted.back() + denied.back() == 0) {
    result_.facts.key_undecided = options_.candidates;
    return;
  }
  const auto is_fresh = [&](std::size_t track) {
    return admitted[track] > 0 && denied[track] == 0;
  };
  if (!is_fresh(admitted.size() - 1)) {
    mask_.assign(candidates, false);
  } else if (candidates > 1) {
    for (std::size_t c = 0; c < candidates; ++c) mask_[c] = is_fresh(c + 1);
    // Together they make a key, though none alone: then which is not known.
    if (std::none_of(mask_.begin(), mask_.end(), [](bool m) { return m; })) {
      mask_.assign(candidates, true);
      result_.facts.key_undecided = options_.candidates;
    }
  }
  if (std::none_of(mask_.begin(), mask_.end(), [](bool m) { return m; })) refill_ns_ = 1;
  fit();
}

// ---- When what was taken comes back.

// Asks the first key often and the second rarely, until the first is admitted again; not much
// longer than until the second is, since then denied requests count and the first never may be.
bool Inquiry::ask_both(const std::vector<Track>& tracks, std::int64_t longest_ns) {
  constexpr std::int64_t first_part_ns = 3'000'000'000;
  constexpr std::uint32_t denials_after = 2;
  bool is_rare_back = tracks.size() < 2;
  std::int64_t part_ns = is_rare_back ? longest_ns : first_part_ns;
  for (std::int64_t from = 0; from < longest_ns; from += part_ns, part_ns = from) {
    Experiment ask{"ask until admitted",
                   "When is one admitted again, asked often and rarely?",
                   {as_it_is(part_of(tracks[0], from, from + part_ns))}};
    if (!is_rare_back) ask.tracks.push_back(as_it_is(part_of(tracks[1], from, from + part_ns)));
    const auto seen = perform(std::move(ask));
    std::uint32_t denied_after = 0;
    const bool was_rare_back = is_rare_back;
    for (const Sighting& sighting : seen) {
      if (!sighting.is_known) continue;
      if (sighting.track == 0 && sighting.allowed) return true;
      is_rare_back |= sighting.allowed;
      denied_after += sighting.track == 0 && is_rare_back ? 1 : 0;
    }
    if (tracks.size() > 1 && is_rare_back && (was_rare_back || denied_after >= denials_after))
      break;
  }
  return false;
}

// One key is asked ever more slowly, another left alone for ever longer: where denied requests
// count, only the second comes back.
void Inquiry::find_return() {
  const std::int64_t round_trip =
      std::max<std::int64_t>(evidence_.usual_round_trip_ns(), 1'000'000);
  const std::int64_t longest = std::min(longest_return_ns, target_.time_left().ns() / 4);
  const std::int64_t first_ns = std::max(spacing_ns_, round_trip / 2);
  const bool has_keys = refill_ns_ == 0;
  refill_ns_ = 0;
  const KeyNumbers asked = has_keys ? fresh_key() : first_key_;
  const KeyNumbers left_alone = fresh_key();
  Experiment exhaust{"burst until denied",
                     "How many in a row are admitted, once more?",
                     {burst(asked, 2 * first_limit_ + 3, spacing_ns_, 2)}};
  if (has_keys) exhaust.tracks.push_back(burst(left_alone, 2 * first_limit_ + 3, spacing_ns_, 1));
  if (spacing_ns_ == 0) {
    for (Track& track : exhaust.tracks)
      track.steps.resize(static_cast<std::size_t>(first_limit_ + 4));
  }
  perform(exhaust);
  std::vector<Track> asked_again = {ask_until_admitted(asked, first_ns, longest)};
  constexpr std::int64_t first_silence_ns = 200'000'000;
  if (has_keys) asked_again.push_back(ask_rarely(left_alone, first_silence_ns, longest / 2));
  const bool is_back = ask_both(asked_again, longest);
  if (is_back) {
    perform({"burst again",
             "How many are admitted then?",
             {as_it_is(burst(asked, first_limit_ + 2, spacing_ns_, 3))}});
    perform({"ask until admitted",
             "When is one admitted after that?",
             {as_it_is(ask_until_admitted(asked, first_ns, longest))}});
  }
  if (!has_keys) refill_ns_ = refill_of(fits_.front());
}

}  // namespace weir::probe
