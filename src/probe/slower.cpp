#include <algorithm>
#include <cmath>
#include <set>

#include "probe/inquiry.hpp"
#include "probe/sighting_words.hpp"

namespace weir::probe {
namespace {

using EventSet = std::set<std::pair<std::uint32_t, std::uint32_t>>;

EventSet set_of(const std::vector<EventId>& ids) {
  EventSet set;
  for (const EventId id : ids) set.insert({id.key, id.event});
  return set;
}

/// The histories with the events only that are to be kept.
template <class Keep>
Histories with_those(const Histories& histories, Keep&& keep) {
  Histories kept(histories.size());
  for (std::uint32_t k = 0; k < histories.size(); ++k) {
    for (std::uint32_t e = 0; e < histories[k].size(); ++e) {
      if (keep(std::pair(k, e), histories[k][e])) kept[k].push_back(histories[k][e]);
    }
  }
  return kept;
}

}  // namespace

Inquiry::Inquiry(const Inquiry& first, std::int64_t spacing_ns)
    : target_(first.target_),
      options_(first.options_),
      evidence_(first.evidence_.begin()),
      mask_(first.mask_),
      next_key_(first.next_key_),
      key_supply_(first.key_supply_),
      spacing_ns_(spacing_ns),
      refill_ns_(first.refill_ns_),
      is_slower_(true) {}

// What the first limit does not explain may be another one's doing. Where answers take their time a
// limit on concurrency shows before anything else, and is often taken for a short window.
bool Inquiry::leave_to_second() {
  const auto at_once = std::find_if(fits_.begin(), fits_.end(),
                                    [](const Fit& fit) { return fit.kind == Kind::concurrency; });
  if (at_once != fits_.end() && evidence_.admissions_take_longer()) {
    const Fit first = *at_once;
    if (leave_to_second_beside(first)) return true;
  }
  const Fit first = fits_.front();
  return leave_to_second_beside(first);
}

// Denials that the first would have admitted, and that, with all that was admitted, one limit
// explains.
bool Inquiry::leave_to_second_beside(const Fit& first) {
  const Clues all = clues();
  std::vector<EventId> denied;
  std::size_t others = 0;
  for (const EventId id : first.unexplained) {
    if (all.histories[id.key][id.event].is_denied()) {
      denied.push_back(id);
    } else {
      ++others;
    }
  }
  if (denied.size() < clearly_worse || others >= clearly_worse) return false;
  const EventSet of_another = set_of(denied);
  Clues of_first = all;
  of_first.histories = with_those(all.histories, [&of_another](const auto& id, const Event&) {
    return !of_another.contains(id);
  });
  if (fit_all(of_first).front().unexplained.size() >= clearly_worse) return false;
  Clues of_second = all;
  of_second.before.clear();
  of_second.histories =
      with_those(all.histories, [&of_another](const auto& id, const Event& event) {
        return !event.is_denied() || of_another.contains(id);
      });
  auto second = fit_all(of_second);
  if (second.front().unexplained.size() >= clearly_worse) return false;
  for (const EventId id : denied) evidence_.doubt(all.histories[id.key][id.event].number);
  second_shows_ = true;
  slower_ = std::move(second);
  fit();
  return true;
}

// How far apart requests of a key do not meet its limit: a rate is kept below, and fewer are under
// way at once than there are slots, though some take longer than others.
std::int64_t Inquiry::spacing_below(const Fit& fit) const {
  constexpr double slower_by = 1.25;
  constexpr double fewer_by = 1.6;
  constexpr double fewer_by_of_few = 2.0;
  constexpr std::int64_t few = 4;
  const auto limit = static_cast<double>(std::max<std::int64_t>(fit.limit, 1));
  const auto most = static_cast<std::int64_t>(std::max<std::uint64_t>(target_.max_per_second(), 1));
  double spacing = slower_by * fit.period_ns() / limit;
  if (fit.kind == Kind::concurrency) {
    const auto taken = static_cast<double>(fit.held_ns + evidence_.usual_round_trip_ns());
    spacing = (fit.limit <= few ? fewer_by_of_few : fewer_by) * taken / limit;
  }
  return std::max<std::int64_t>({std::llround(spacing), spacing_ns_, 1'000'000'000 / most});
}

// A second, slower limit shows only below the first.
void Inquiry::look_for_slower() {
  constexpr std::int64_t most_requests = 400;
  constexpr std::int64_t longest_ns = 60'000'000'000;
  constexpr std::int64_t fewest_requests = 10;
  if (target_.stopped() != Stop::none || fits_.empty()) return;
  const Fit first = fits_.front();
  if (first.kind == Kind::none) return;
  const Guess guess = guess_of(first);
  const std::int64_t every = spacing_below(first);
  const std::int64_t count = std::min({static_cast<std::int64_t>(target_.requests_left() * 9 / 10),
                                       (target_.time_left().ns() * 9 / 10 - refill_ns_) / every,
                                       longest_ns / every, most_requests});
  if (count < fewest_requests) return;
  // With one or two slots one waits for the other.
  constexpr std::int64_t few_slots = 2;
  const bool waits = first.kind == Kind::concurrency && first.limit <= few_slots;
  Track track = waits ? one_by_one(fresh_key(), count) : burst(fresh_key(), count, every, 0);
  track.ends_after_denials = 6;
  const KeyNumbers key = track.key;
  const auto seen = perform({"just below", "Does a slower limit hold beside it?", {track}});
  const bool is_explained =
      fits_.front().unexplained.size() < first.unexplained.size() + clearly_worse;
  if (is_explained) return;
  evidence_.leave_out(key);
  fit();
  Inquiry slower(*this, every);
  for (const Sighting& sighting : seen) slower.evidence_.add(key, sighting);
  slower.first_limit_ = admitted_before_denial(seen);
  slower.first_key_ = key;
  slower.fit();
  slower.refill_ns_ = 0;
  slower.find_slower_return(key, guess.limit / 2);
  slower.refill_ns_ = refill_ns_ > 0 ? refill_of(slower.fits_.front()) : 0;
  slower.tell_apart();
  slower.sharpen();
  take_over(std::move(slower));
}

// When the key that was asked for too much is admitted again, and how many are then. If that takes
// long, another key is meanwhile asked in two parts: only where requests are forgotten one by one
// does the first part come back alone.
void Inquiry::find_slower_return(const KeyNumbers& held, std::int64_t at_once) {
  constexpr std::int64_t soon_ns = 3'000'000'000;
  constexpr std::int64_t some = 8;
  constexpr std::int64_t apart_ns = 5'000'000;
  const std::int64_t first_ns =
      std::max<std::int64_t>(evidence_.usual_round_trip_ns(), 1'000'000) + spacing_ns_ / 4;
  const bool is_soon = ask_again({held}, first_ns, soon_ns, {});
  const KeyNumbers parted = fresh_key();
  const auto part = std::max<std::int64_t>(first_limit_ / 4, 1);
  if (!is_soon) {
    Track parts;
    parts.key = parted;
    const std::int64_t pause_ns = first_limit_ * spacing_ns_;
    add_evenly(parts, 0, part * spacing_ns_, spacing_ns_);
    const std::int64_t rest_ns = part * spacing_ns_ + pause_ns;
    add_evenly(parts, rest_ns, rest_ns + (first_limit_ - part + 2) * spacing_ns_, spacing_ns_);
    if (!ask_again({held}, soon_ns / 16, longest_wait_ns(), {parts})) return;
  }
  perform({"burst again",
           "How many are admitted then?",
           {as_it_is(burst(held, std::clamp<std::int64_t>(at_once, 1, some), apart_ns, 3))}});
  if (!is_soon && ask_again({parted}, spacing_ns_, longest_wait_ns(), {})) {
    const auto rest = as_it_is(burst(parted, 2 * part + 4, spacing_ns_, 3));
    if (can_afford({"", "", {rest}})) {
      perform({"the rest, paced", "Did all come back, or what was asked first?", {rest}});
    }
  }
  if (is_soon) ask_again({held}, first_ns, longest_wait_ns(), {});
}

std::int64_t Inquiry::longest_wait_ns() const {
  constexpr std::int64_t longest_ns = 70'000'000'000;
  return std::min(longest_ns, target_.time_left().ns() * 3 / 4);
}

// Asks a key until it is admitted again, with other tracks beside it as far as requests allow.
bool Inquiry::ask_again(const KeyNumbers& key, std::int64_t first_ns, std::int64_t longest_ns,
                        std::vector<Track> beside) {
  Experiment ask{"ask until admitted",
                 "When does the slower limit admit one again?",
                 {as_it_is(ask_until_admitted(key, first_ns, longest_ns))}};
  auto& steps = ask.tracks[0].steps;
  steps.resize(std::min<std::size_t>(steps.size(), target_.requests_left()));
  for (Track& track : beside) {
    ask.tracks.push_back(std::move(track));
    if (requests_of(ask) > target_.requests_left()) ask.tracks.pop_back();
  }
  const auto seen = perform(std::move(ask));
  return std::any_of(seen.begin(), seen.end(), [](const Sighting& sighting) {
    return sighting.track == 0 && sighting.is_known && sighting.allowed;
  });
}

void Inquiry::take_over(Inquiry&& slower) {
  slower_ = std::move(slower.fits_);
  next_key_ = slower.next_key_;
  auto& experiments = slower.result_.facts.experiments;
  std::move(experiments.begin(), experiments.end(), std::back_inserter(result_.facts.experiments));
  std::move(slower.result_.sightings.begin(), slower.result_.sightings.end(),
            std::back_inserter(result_.sightings));
  result_.facts.requests_used += slower.result_.facts.requests_used;
  second_shows_ = true;
}

}  // namespace weir::probe
