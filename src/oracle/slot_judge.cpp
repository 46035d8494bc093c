#include "oracle/slot_judge.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace weir::oracle {
namespace {

/// Of so many events at about the same time it is tried what else could have been decided.
constexpr std::size_t most_tried = 60;
/// What waits for slots that expire is let in a little later.
constexpr Duration waking = Duration::from_ms(50);

/// Of so many that end at about the same time every order is followed.
constexpr std::size_t most_followed = 5;

SlotCaps hull_of(const SlotCaps& one, const SlotCaps& other) {
  return {std::min(one.least, other.least), std::max(one.most, other.most)};
}

/// Of many, those that were held for about as long become one.
std::vector<EndedSample> few_that_enclose(std::vector<EndedSample> samples) {
  constexpr std::size_t most_samples = 8;
  if (samples.size() <= most_samples) return samples;
  std::sort(samples.begin(), samples.end(),
            [](const EndedSample& a, const EndedSample& b) { return a.rtt.least < b.rtt.least; });
  std::vector<EndedSample> few;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::size_t group = i * most_samples / samples.size();
    if (group == few.size()) {
      few.push_back(samples[i]);
      continue;
    }
    few[group].rtt.join(samples[i].rtt);
    few[group].in_flight.join(samples[i].in_flight);
  }
  return few;
}

/// The sets of requests that may have ended by some instant, of those that end at about the same
/// time; bit by bit.
class EndedSets {
 public:
  explicit EndedSets(const std::vector<const SlotEvent*>& ends) : ends_(ends) {}

  std::size_t count() const { return std::size_t{1} << ends_.size(); }
  static std::size_t without(std::size_t set, std::size_t i) { return set & ~bit(i); }
  bool may_end_last(std::size_t set, std::size_t i) const {
    if ((set & bit(i)) == 0) return false;
    for (std::size_t j = 0; j < ends_.size(); ++j) {
      const bool is_before = (set & bit(j)) != 0;
      if (is_before && ends_[i]->span.to < ends_[j]->span.from) return false;
    }
    return true;
  }
  /// Whether just those may have ended at some instant of the span, and whether they surely had.
  bool may_be(std::size_t set, TimeSpan span) const {
    return (before(span) & ~set) == 0 && (set & later(span)) == 0;
  }
  bool is_surely(std::size_t set, TimeSpan span) const {
    return before(span) == set && (set | later(span)) == count() - 1;
  }

 private:
  static std::size_t bit(std::size_t i) { return std::size_t{1} << i; }
  std::size_t before(TimeSpan span) const {
    std::size_t set = 0;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      if (ends_[i]->span.to < span.from) set |= bit(i);
    }
    return set;
  }
  std::size_t later(TimeSpan span) const {
    std::size_t set = 0;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      if (ends_[i]->span.from > span.to) set |= bit(i);
    }
    return set;
  }

  const std::vector<const SlotEvent*>& ends_;
};

TimeSpan released_in(const Observation& observation, TimeSpan decided, TimeSpan taken,
                     const SlotRule& rule, const Uncertainty& uncertainty) {
  TimeSpan released = ended_in(observation, uncertainty);
  if (const auto ttl = rule.slot_ttl()) {
    released.from = std::min(released.from, taken.from + *ttl);
    released.to = std::min(released.to, taken.to + *ttl);
  }
  return {std::max(released.from, decided.from), std::max(released.to, decided.from)};
}

/// The first instant at which any of those is released that may hold a slot while `waiting` is
/// decided.
Instant first_release(std::span<const Holding> requests, const Holding& waiting) {
  Instant first = Instant::max();
  for (const Holding& other : requests) {
    if (other.number == waiting.number || !other.allowed) continue;
    const bool may_hold =
        other.decided.from <= waiting.decided.to && other.released.to >= waiting.decided.from;
    if (may_hold) first = std::min(first, other.released.from);
  }
  return first;
}

/// Slots that expire do so some time after they were taken, which is when a request was decided, or
/// later, where it waited: whether it did shows from how much is held by then, which shows more the
/// better it is known when others were released.
void narrow_expiries(const std::vector<Observation>& observations, const SlotRule& rule,
                     const Uncertainty& uncertainty, std::vector<Holding>& requests) {
  constexpr int most_rounds = 8;
  const SlotCaps caps = rule.at_first().caps();
  for (int round = 0; round < most_rounds; ++round) {
    const std::vector<HeldBounds> held = held_when_decided(requests);
    bool is_narrower = false;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      Holding& r = requests[i];
      if (!r.allowed) continue;
      TimeSpan taken{r.decided.from, observations[r.number].received + waking};
      const bool waits_not = held[i].most + r.cost <= caps.least;
      const bool waits = held[i].least + r.cost > caps.most;
      if (waits_not) taken.to = r.decided.to;
      if (waits) taken.from = std::max(taken.from, first_release(requests, r));
      taken.from = std::min(taken.from, taken.to);
      const TimeSpan released =
          released_in(observations[r.number], r.decided, taken, rule, uncertainty);
      is_narrower |= released.from > r.released.from || released.to < r.released.to;
      r.released = {std::max(released.from, r.released.from), std::min(released.to, r.released.to)};
      r.released.to = std::max(r.released.from, r.released.to);
    }
    if (!is_narrower) return;
  }
}

}  // namespace

SlotRule slot_rule_of(const policy::Limit& limit, const Group& group, std::uint32_t entry,
                      const std::vector<Observation>& observations) {
  policy::Cost most = 1;
  for (const std::uint32_t number : group.observations) {
    for (const LimitAsk& ask : observations[number].asks) {
      if (ask.entry == entry) most = std::max(most, ask.cost);
    }
  }
  return {limit, group.entries[entry].variant, most};
}

std::vector<Holding> holdings_of(const Group& group, std::uint32_t entry,
                                 const std::vector<Observation>& observations, const SlotRule& rule,
                                 const Uncertainty& uncertainty) {
  std::vector<Holding> holdings;
  for (const std::uint32_t number : group.observations) {
    const Observation& observation = observations[number];
    for (const LimitAsk& ask : observation.asks) {
      if (ask.entry != entry) continue;
      const TimeSpan decided = decided_in(observation, uncertainty);
      // Those that wait take their slots later, but before they are answered.
      const Instant taken = rule.has_queue() ? observation.received + waking : decided.to;
      holdings.push_back({.number = number,
                          .allowed = observation.allowed,
                          .cost = ask.cost,
                          .decided = decided,
                          .released = released_in(observation, decided, {decided.from, taken}, rule,
                                                  uncertainty)});
    }
  }
  if (rule.has_queue() && rule.slot_ttl()) {
    narrow_expiries(observations, rule, uncertainty, holdings);
  }
  return holdings;
}

SlotJudge::SlotJudge(const SlotRule& rule, std::vector<Holding> requests, bool decides_alone)
    : rule_(rule),
      decides_alone_(decides_alone),
      requests_(std::move(requests)),
      bounds_(held_when_decided(requests_)),
      verdicts_(requests_.size()),
      range_(rule.at_first()) {}

void SlotJudge::add_events() {
  for (std::uint32_t i = 0; i < requests_.size(); ++i) {
    const Holding& r = requests_[i];
    using Kind = SlotEvent::Kind;
    events_.push_back({r.allowed ? Kind::admitted : Kind::denied, r.cost, r.decided, false, i});
    if (r.allowed) events_.push_back({Kind::released, r.cost, r.released, false, i});
  }
  std::stable_sort(events_.begin(), events_.end(), [](const SlotEvent& a, const SlotEvent& b) {
    return a.span.from < b.span.from;
  });
}

std::vector<SlotJudge::Verdict> SlotJudge::judge() {
  add_events();
  for (std::size_t i = 0; i < events_.size();) {
    Instant end = events_[i].span.to;
    std::size_t next = i + 1;
    for (; next < events_.size() && events_[next].span.from <= end; ++next) {
      end = std::max(end, events_[next].span.to);
    }
    const std::span<SlotEvent> together(events_.data() + i, next - i);
    for (SlotEvent& event : together) {
      event.is_own = event.kind == SlotEvent::Kind::released &&
                     requests_[event.holding].decided.from >= together.front().span.from;
    }
    judge_together(together);
    i = next;
  }
  return std::move(verdicts_);
}

EndedSample SlotJudge::sample_of(std::size_t holding) const {
  const Holding& r = requests_[holding];
  const auto ns = [](Duration d) { return static_cast<double>(std::max<std::int64_t>(d.ns(), 1)); };
  return {{ns(r.released.from - r.decided.to), ns(r.released.to - r.decided.from)},
          {static_cast<double>(bounds_[holding].least + r.cost),
           static_cast<double>(bounds_[holding].most + r.cost)}};
}

// After each step the limit is where any of those that end may have moved it.
SlotCaps SlotJudge::caps_in_any_order(std::vector<EndedSample> samples) {
  const std::size_t steps = samples.size();
  samples = few_that_enclose(std::move(samples));
  SlotCaps all = range_.caps();
  for (std::size_t step = 0; step < steps; ++step) {
    AdaptiveRange next = range_;
    next.update(samples[0]);
    for (std::size_t i = 1; i < samples.size(); ++i) {
      AdaptiveRange other = range_;
      other.update(samples[i]);
      next.join(other);
    }
    range_ = next;
    all = hull_of(all, range_.caps());
  }
  return all;
}

// What was decided says what the limit is.
void SlotJudge::refine(const SlotEvent& decision, AdaptiveRange& range) const {
  const HeldBounds& held = bounds_[decision.holding];
  const SlotCaps caps = range.caps();
  if (decision.kind == SlotEvent::Kind::admitted) {
    range.refine({held.least + decision.cost, caps.most});
  } else if (decides_alone_) {
    range.refine({caps.least, held.most + decision.cost - 1});
  }
}

// Requests that end at about the same time may do so in any order: the limit is followed for each
// set of them that may have ended first.
std::vector<SlotCaps> SlotJudge::caps_during(std::span<const SlotEvent> events) {
  std::vector<const SlotEvent*> ends;
  std::vector<EndedSample> samples;
  for (const SlotEvent& event : events) {
    if (event.kind != SlotEvent::Kind::released || event.cost == 0) continue;
    ends.push_back(&event);
    samples.push_back(sample_of(event.holding));
  }
  if (!range_.is_adaptive()) return std::vector<SlotCaps>(events.size(), range_.caps());
  if (ends.size() > most_followed) {
    return std::vector<SlotCaps>(events.size(), caps_in_any_order(std::move(samples)));
  }
  EndedSets sets(ends);
  std::vector<std::optional<SlotCaps>> caps(events.size());
  std::vector<std::optional<AdaptiveRange>> after(sets.count());
  after[0] = range_;
  for (std::size_t set = 0; set < sets.count(); ++set) {
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (!sets.may_end_last(set, i) || !after[sets.without(set, i)]) continue;
      AdaptiveRange next = *after[sets.without(set, i)];
      next.update(samples[i]);
      if (after[set]) next.join(*after[set]);
      after[set] = std::move(next);
    }
    if (!after[set]) continue;
    for (std::size_t e = 0; e < events.size(); ++e) {
      if (!sets.may_be(set, events[e].span)) continue;
      caps[e] = caps[e] ? hull_of(*caps[e], after[set]->caps()) : after[set]->caps();
    }
    // None of them speaks for itself.
    for (const SlotEvent& event : events) {
      const bool decides = event.kind != SlotEvent::Kind::released;
      if (decides && sets.is_surely(set, event.span)) refine(event, *after[set]);
    }
  }
  if (after.back()) range_ = *after.back();
  std::vector<SlotCaps> found;
  for (const auto& known : caps) found.push_back(known.value_or(range_.caps()));
  return found;
}

void SlotJudge::judge_alone(std::size_t holding, SlotCaps caps) {
  const Holding& r = requests_[holding];
  const HeldBounds held = bounds_[holding];
  Verdict& verdict = verdicts_[holding];
  verdict.number = r.number;
  const bool may_admit = rule_.may_admit(held.least, r.cost, caps);
  const bool may_deny = rule_.may_deny(held.most, r.cost, caps);
  verdict.is_possible = r.allowed ? may_admit : may_deny;
  verdict.other_is_possible = r.allowed ? may_deny : may_admit;
  verdict.near_limit = !r.allowed || rule_.may_deny(held.most + r.cost, r.cost, caps);
  const std::int64_t own = r.allowed ? r.cost : 0;
  for (const std::int64_t others : {held.least, held.most}) {
    if (const auto left = rule_.remaining(others + own)) verdict.remaining.add(*left);
  }
}

void SlotJudge::judge_together(std::span<const SlotEvent> events) {
  const std::vector<SlotCaps> caps = caps_during(events);
  SlotCaps all = caps.front();
  bool is_clear = true;
  for (std::size_t e = 0; e < events.size(); ++e) {
    all = hull_of(all, caps[e]);
    if (events[e].kind == SlotEvent::Kind::released) continue;
    judge_alone(events[e].holding, caps[e]);
    const Verdict& verdict = verdicts_[events[e].holding];
    is_clear &= verdict.is_possible && !verdict.other_is_possible;
  }
  if (!is_clear && decides_alone_) judge_orders(events, all);
  for (const SlotEvent& event : events) {
    if (event.kind == SlotEvent::Kind::admitted) held_ += event.cost;
    if (event.kind == SlotEvent::Kind::released) held_ -= event.cost;
  }
}

void SlotJudge::judge_orders(std::span<const SlotEvent> events, SlotCaps caps) {
  if (events.size() == 1) return;
  SlotOrders orders(rule_, caps);
  const auto wrong = orders.fewest_wrong(events, held_);
  if (!wrong) return;
  for (const SlotEvent& event : events) {
    if (event.kind != SlotEvent::Kind::released) verdicts_[event.holding].is_possible = true;
  }
  for (const std::size_t i : *wrong) verdicts_[events[i].holding].is_possible = false;
  if (events.size() <= most_tried) try_otherwise(events, caps, wrong->size());
}

// A decision could have been the other where the rest is as well explained if it had been.
void SlotJudge::try_otherwise(std::span<const SlotEvent> events, SlotCaps caps, std::size_t wrong) {
  SlotOrders orders(rule_, caps);
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].kind == SlotEvent::Kind::released) continue;
    Verdict& verdict = verdicts_[events[i].holding];
    if (!verdict.is_possible || !verdict.other_is_possible) continue;
    std::vector<SlotEvent> others(events.begin(), events.end());
    const bool was_allowed = events[i].kind == SlotEvent::Kind::admitted;
    others[i].kind = was_allowed ? SlotEvent::Kind::denied : SlotEvent::Kind::admitted;
    std::erase_if(others, [&](const SlotEvent& event) {
      return event.kind == SlotEvent::Kind::released && event.holding == events[i].holding;
    });
    const auto found = orders.fewest_wrong(others, held_);
    verdict.other_is_possible = !found || found->size() <= wrong;
  }
}

}  // namespace weir::oracle
