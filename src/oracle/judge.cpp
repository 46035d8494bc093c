#include "oracle/judge.hpp"

#include <algorithm>
#include <utility>

#include "limiter/catalogue.hpp"
#include "oracle/holders.hpp"

namespace weir::oracle {
namespace {

/// The tick of the limits' clocks, where they tick slower than every nanosecond and it is one for
/// all of them.
Duration tick_of(const std::vector<policy::Limit>& limits) {
  Duration tick = Duration::max();
  for (const policy::Limit& limit : limits) {
    const limiter::AlgorithmInfo* info = limiter::find_algorithm(limit.spec.algorithm);
    tick = std::min(tick, info->clock_granularity);
  }
  return tick;
}

void count_range(const Sight::Range& range, std::optional<std::int64_t> told, std::int64_t slack,
                 metrics::VerificationCounts::Told& counts) {
  if (!told || !range.known) return;
  const bool inside = *told >= range.least - slack && *told <= range.most + slack;
  ++(!inside                             ? counts.disagree
     : range.most - range.least <= slack ? counts.agree
                                         : counts.undetermined);
}

std::optional<std::int64_t> ns_of(std::optional<Duration> duration) {
  if (!duration) return std::nullopt;
  return duration->ns();
}

}  // namespace

void Findings::add(const Findings& others) {
  using Counts = metrics::VerificationCounts;
  for (const auto count :
       {&Counts::agree, &Counts::disagree, &Counts::undetermined, &Counts::over_admitted,
        &Counts::under_admitted, &Counts::delays_too_short, &Counts::delays_too_long,
        &Counts::admitted, &Counts::near_limit}) {
    this->*count += others.*count;
  }
  for (const auto told : {&Counts::remaining, &Counts::reset_after, &Counts::retry_after}) {
    (this->*told).agree += (others.*told).agree;
    (this->*told).disagree += (others.*told).disagree;
    (this->*told).undetermined += (others.*told).undetermined;
  }
  unexplained += others.unexplained;
}

Judge::Judge(const std::vector<policy::Limit>& limits, const limiter::Environment& environment,
             const std::vector<Observation>& observations)
    : limits_(limits),
      observations_(observations),
      counts_slots_(limits.size() == 1 && holding_limits(limits)[0] && limits[0].spec.enforce),
      bank_(limits, environment),
      belief_(bank_, uncertainty_, tick_of(limits)),
      orders_(belief_) {}

Findings Judge::judge(std::span<const Group* const> groups, const Uncertainty& uncertainty) {
  uncertainty_ = uncertainty;
  findings_ = Findings();
  findings_.marks.resize(observations_.size());
  findings_.reached.resize(limits_.size());
  told_of_.assign(limits_.size() > 1 ? limits_.size() : 0, {});
  for (const Group* group : groups) {
    if (is_done()) break;
    if (counts_slots_ && !group->entries.empty()) {
      judge_slots(*group);
    } else {
      judge_group(*group);
    }
  }
  choose_told_limit();
  return std::move(findings_);
}

// Answers that are not told of the tightest limit may be told of one and the same, if that is true
// of nearly all that is not true of the tightest.
void Judge::choose_told_limit() {
  constexpr std::uint64_t clearly_fewer = 8;
  using Counts = metrics::VerificationCounts::Told;
  const auto judged = [](const Counts& counts) {
    return counts.agree + counts.disagree + counts.undetermined;
  };
  for (std::size_t l = 0; l < told_of_.size(); ++l) {
    const ToldOfLimit& one = told_of_[l];
    const std::uint64_t wrong = one.remaining.disagree + one.reset_after.disagree;
    const std::uint64_t least = findings_.remaining.disagree + findings_.reset_after.disagree;
    if (wrong * clearly_fewer >= least || judged(one.remaining) < judged(findings_.remaining) ||
        judged(one.reset_after) < judged(findings_.reset_after)) {
      continue;
    }
    findings_.remaining = one.remaining;
    findings_.reset_after = one.reset_after;
    findings_.told_of = l;
  }
}

bool Judge::contradicts(std::span<const Group* const> groups, const Uncertainty& uncertainty) {
  only_first_ = true;
  const Findings findings = judge(groups, uncertainty);
  only_first_ = false;
  return findings.disagree > 0;
}

InFlight Judge::in_flight(std::uint32_t number) const {
  const Observation& observation = observations_[number];
  InFlight request{.observation = &observation,
                   .number = number,
                   .is_end = false,
                   .real = decided_in(observation, uncertainty_),
                   .span = {},
                   .wide = {},
                   .answered = observation.received,
                   .sight = {}};
  set_clock_times(request);
  return request;
}

void Judge::set_clock_times(InFlight& request) const {
  request.span = ticks_shown(request.real, uncertainty_);
  request.wide = on_limiters_clock(request.real, uncertainty_);
}

InFlight Judge::end_of(std::uint32_t number) const {
  InFlight request = in_flight(number);
  request.is_end = true;
  request.real = ended_in(observations_[number], uncertainty_);
  set_clock_times(request);
  return request;
}

std::vector<InFlight> Judge::events_of(const Group& group) const {
  std::vector<InFlight> events;
  for (const std::uint32_t number : group.observations) {
    events.push_back(in_flight(number));
    if (bank_.settles_late() && observations_[number].is_late()) events.push_back(end_of(number));
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const InFlight& a, const InFlight& b) { return a.real.from < b.real.from; });
  return events;
}

void Judge::judge_group(const Group& group) {
  bank_.begin(group.entries);
  states_.assign(1, Particle{bank_.add_new(), Instant::min(), {}});
  belief_.begin();
  lost_ = false;
  std::vector<InFlight> events = events_of(group);
  for (std::size_t i = 0; i < events.size() && !is_done();) {
    Instant end = events[i].real.to;
    std::size_t next = i + 1;
    for (; next < events.size() && events[next].real.from <= end; ++next) {
      end = std::max(end, events[next].real.to);
    }
    const std::span<InFlight> together(events.data() + i, next - i);
    const bool all_known =
        std::all_of(together.begin(), together.end(),
                    [](const InFlight& request) { return request.observation->is_known; });
    if (lost_ || !all_known) {
      lose(together);
    } else if (together.size() == 1) {
      judge_alone(together[0]);
    } else {
      judge_together(together);
    }
    i = next;
  }
}

// Nobody knows what became of a request that was not answered, nor for how long it holds its slots.
void Judge::judge_slots(const Group& group) {
  Instant known_until = Instant::max();
  for (const std::uint32_t number : group.observations) {
    if (observations_[number].is_known) continue;
    known_until = std::min(known_until, observations_[number].sent);
  }
  const SlotRule rule = slot_rule_of(limits_[0], group, 0, observations_);
  std::vector<Holding> requests = holdings_of(group, 0, observations_, rule, uncertainty_);
  const bool all_known = known_until == Instant::max();
  SlotJudge judge(rule, std::move(requests), all_known);
  for (const SlotJudge::Verdict& verdict : judge.judge()) {
    const TimeSpan decided = decided_in(observations_[verdict.number], uncertainty_);
    if (decided.to < known_until) {
      mark_slots(verdict);
    } else {
      count(verdict.number, Mark::undetermined);
    }
  }
}

void Judge::mark_slots(const SlotJudge::Verdict& verdict) {
  findings_.unexplained += verdict.is_possible ? 0U : 1U;
  findings_.near_limit += verdict.near_limit ? 1U : 0U;
  count(verdict.number, !verdict.is_possible        ? Mark::disagree
                        : verdict.other_is_possible ? Mark::undetermined
                                                    : Mark::agree);
  if (!verdict.is_possible) return;
  count_range(verdict.remaining, observations_[verdict.number].told.remaining, 0,
              findings_.remaining);
}

void Judge::lose(std::span<const InFlight> requests) {
  lost_ = true;
  for (const InFlight& request : requests) {
    if (!request.is_end) count(request.number, Mark::undetermined);
  }
}

void Judge::judge_alone(InFlight& request) {
  Particles after;
  request.sight = Sight();
  belief_.step(states_, request.decision(), request.sight, after);
  if (!request.sight.possible) belief_.force(states_, request.decision(), after);
  belief_.release(states_);
  states_ = std::move(after);
  mark(request);
  belief_.reduce(states_, request.span.to);
}

void Judge::judge_together(std::span<InFlight> requests) {
  const std::vector<InFlight> as_observed(requests.begin(), requests.end());
  Particles after;
  const OrderSearch::Found found = orders_.run(states_, requests, after);
  if (found == OrderSearch::Found::too_many) return lose(requests);
  if (found == OrderSearch::Found::unexplained) {
    std::copy(as_observed.begin(), as_observed.end(), requests.begin());
    return judge_one_by_one(requests);
  }
  belief_.release(states_);
  states_ = std::move(after);
  for (const InFlight& request : requests) mark(request);
}

// No order explains them all: each is judged by itself, as they were answered.
void Judge::judge_one_by_one(std::span<InFlight> requests) {
  std::vector<std::size_t> order(requests.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return requests[a].real.to < requests[b].real.to;
  });
  for (const std::size_t i : order) {
    if (!lost_) {
      judge_alone(requests[i]);
    } else if (!requests[i].is_end) {
      count(requests[i].number, Mark::undetermined);
    }
  }
}

void Judge::mark(const InFlight& request) {
  if (request.is_end) return;
  const Sight& sight = request.sight;
  const bool only_delay = !sight.possible && sight.too_early;
  Mark mark = Mark::agree;
  if (!sight.possible && !belief_.encloses()) {
    mark = Mark::undetermined;
  } else if (only_delay) {
    mark = Mark::delay_too_short;
  } else if (!sight.possible) {
    mark = Mark::disagree;
  } else if (!sight.on_time && !sight.only_just) {
    mark = Mark::delay_too_long;
  } else if (sight.other_possible || sight.only_just) {
    mark = Mark::undetermined;
  }
  // That the ticks do not explain it speaks against their place.
  const bool is_explained = sight.possible && (uncertainty_.tick == Duration() || !sight.only_just);
  findings_.unexplained += is_explained ? 0U : 1U;
  findings_.near_limit += sight.near_limit ? 1U : 0U;
  for (std::size_t l = 0; l < sight.near_limits.size(); ++l) {
    if (sight.near_limits[l]) findings_.reached[l] = true;
  }
  count(request.number, mark);
  if (sight.possible && belief_.encloses()) count_told(*request.observation, sight);
}

void Judge::count(std::uint32_t number, Mark mark) {
  findings_.marks[number] = mark;
  const bool allowed = observations_[number].allowed;
  findings_.admitted += allowed ? 1U : 0U;
  switch (mark) {
    case Mark::agree:
      ++findings_.agree;
      return;
    case Mark::undetermined:
      ++findings_.undetermined;
      return;
    case Mark::disagree:
      ++(allowed ? findings_.over_admitted : findings_.under_admitted);
      break;
    case Mark::delay_too_short:
      ++findings_.delays_too_short;
      break;
    case Mark::delay_too_long:
      ++findings_.delays_too_long;
      break;
  }
  ++findings_.disagree;
}

void Judge::count_told(const Observation& observation, const Sight& sight) {
  // Times are told in whole seconds, by some as an instant.
  constexpr std::int64_t second = 1'000'000'000;
  const Told& told = observation.told;
  count_range(sight.remaining, told.remaining, 0, findings_.remaining);
  count_range(sight.reset_after, ns_of(told.reset_after), second, findings_.reset_after);
  count_range(sight.retry_after, ns_of(told.retry_after), second, findings_.retry_after);
  for (std::size_t l = 0; l < std::min(told_of_.size(), sight.of_limits.size()); ++l) {
    const Sight::OfLimit& limit = sight.of_limits[l];
    count_range(limit.remaining, told.remaining, 0, told_of_[l].remaining);
    count_range(limit.reset_after, ns_of(told.reset_after), second, told_of_[l].reset_after);
  }
}

}  // namespace weir::oracle
