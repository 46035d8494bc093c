#include "oracle/slot_judge.hpp"

#include <algorithm>
#include <utility>

namespace weir::oracle {
namespace {

/// Of so many events at about the same time it is tried what else could have been decided.
constexpr std::size_t most_tried = 60;
/// What waits for slots that expire is let in a little later.
constexpr Duration waking = Duration::from_ms(50);

TimeSpan released_in(const Observation& observation, TimeSpan decided, const SlotRule& rule,
                     const Uncertainty& uncertainty) {
  TimeSpan released = ended_in(observation, uncertainty);
  if (const auto ttl = rule.slot_ttl()) {
    // Those that wait take their slots later, but before they are answered.
    const Instant taken = rule.has_queue() ? observation.received + waking : decided.to;
    released.from = std::min(released.from, decided.from + *ttl);
    released.to = std::min(released.to, taken + *ttl);
  }
  return {std::max(released.from, decided.from), std::max(released.to, decided.from)};
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
      holdings.push_back({.number = number,
                          .allowed = observation.allowed,
                          .cost = ask.cost,
                          .decided = decided,
                          .released = released_in(observation, decided, rule, uncertainty)});
    }
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

// Requests that end at about the same time may do so in any order: after each step the limit is
// where any of them may have moved it.
SlotCaps SlotJudge::caps_during(std::span<const SlotEvent> events) {
  if (!range_.is_adaptive()) return range_.caps();
  std::vector<EndedSample> samples;
  for (const SlotEvent& event : events) {
    if (event.kind == SlotEvent::Kind::released && event.cost > 0) {
      samples.push_back(sample_of(event.holding));
    }
  }
  SlotCaps all = range_.caps();
  for (std::size_t step = 0; step < samples.size(); ++step) {
    AdaptiveRange next = range_;
    next.update(samples[0]);
    for (std::size_t i = 1; i < samples.size(); ++i) {
      AdaptiveRange other = range_;
      other.update(samples[i]);
      next.join(other);
    }
    range_ = next;
    all = {std::min(all.least, range_.caps().least), std::max(all.most, range_.caps().most)};
  }
  return all;
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
  const SlotCaps caps = caps_during(events);
  bool is_clear = true;
  for (const SlotEvent& event : events) {
    if (event.kind == SlotEvent::Kind::released) continue;
    judge_alone(event.holding, caps);
    const Verdict& verdict = verdicts_[event.holding];
    is_clear &= verdict.is_possible && !verdict.other_is_possible;
    // What it has decided says what the limit is.
    if (events.size() > 1 || !verdict.is_possible) continue;
    const std::int64_t least = bounds_[event.holding].least + event.cost;
    const std::int64_t most = bounds_[event.holding].most + event.cost - 1;
    const bool allowed = requests_[event.holding].allowed;
    if (allowed) range_.refine({least, caps.most});
    if (!allowed && decides_alone_) range_.refine({caps.least, most});
  }
  if (!is_clear && decides_alone_) judge_orders(events, caps);
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
