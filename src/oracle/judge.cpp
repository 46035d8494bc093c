#include "oracle/judge.hpp"

#include <algorithm>
#include <utility>

#include "limiter/catalogue.hpp"

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

Judge::Judge(const std::vector<policy::Limit>& limits, const limiter::Environment& environment,
             const std::vector<Observation>& observations)
    : observations_(observations),
      tells_(limits.size() == 1),
      bank_(limits, environment),
      belief_(bank_, uncertainty_, tick_of(limits)),
      orders_(belief_) {}

Findings Judge::judge(std::span<const Group* const> groups, const Uncertainty& uncertainty) {
  uncertainty_ = uncertainty;
  findings_ = Findings();
  findings_.marks.resize(observations_.size());
  for (const Group* group : groups) judge_group(*group);
  return std::move(findings_);
}

InFlight Judge::in_flight(std::uint32_t number) const {
  const Observation& observation = observations_[number];
  InFlight request{.observation = &observation,
                   .real = {},
                   .span = {},
                   .answered = observation.received,
                   .sight = {}};
  request.real = {observation.sent, observation.received};
  const Duration took = request.real.width();
  if (took > uncertainty_.decided_within) {
    request.real.to = request.real.from + uncertainty_.decided_within;
  }
  request.span = {request.real.from + uncertainty_.least_offset - uncertainty_.behind,
                  request.real.to + uncertainty_.most_offset + uncertainty_.ahead};
  return request;
}

void Judge::judge_group(const Group& group) {
  bank_.begin(group.entries);
  states_.assign(1, Particle{bank_.add_new(), Instant::min(), {}});
  belief_.begin();
  lost_ = false;
  const std::vector<std::uint32_t>& numbers = group.observations;
  std::vector<InFlight> together;
  for (std::size_t i = 0; i < numbers.size();) {
    together.assign(1, in_flight(numbers[i]));
    Instant end = together[0].real.to;
    std::size_t next = i + 1;
    for (; next < numbers.size() && observations_[numbers[next]].sent <= end; ++next) {
      together.push_back(in_flight(numbers[next]));
      end = std::max(end, together.back().real.to);
    }
    const std::span<const std::uint32_t> some(numbers.data() + i, next - i);
    const bool all_known = std::all_of(some.begin(), some.end(), [&](std::uint32_t number) {
      return observations_[number].is_known;
    });
    if (lost_ || !all_known) {
      lose(some);
    } else if (together.size() == 1) {
      judge_alone(together[0], numbers[i]);
    } else {
      judge_together(together, some);
    }
    i = next;
  }
}

void Judge::lose(std::span<const std::uint32_t> numbers) {
  lost_ = true;
  for (const std::uint32_t number : numbers) count(number, Mark::undetermined);
}

void Judge::judge_alone(InFlight& request, std::uint32_t number) {
  Particles after;
  request.sight = Sight();
  belief_.step(states_, request.decision(), request.sight, after);
  if (!request.sight.possible) belief_.force(states_, request.decision(), after);
  belief_.release(states_);
  states_ = std::move(after);
  mark(request, number);
  belief_.reduce(states_, request.span.to);
}

void Judge::judge_together(std::span<InFlight> requests, std::span<const std::uint32_t> numbers) {
  const std::vector<InFlight> as_observed(requests.begin(), requests.end());
  Particles after;
  const OrderSearch::Found found = orders_.run(states_, requests, after);
  if (found == OrderSearch::Found::too_many) return lose(numbers);
  if (found == OrderSearch::Found::unexplained) {
    std::copy(as_observed.begin(), as_observed.end(), requests.begin());
    return judge_one_by_one(requests, numbers);
  }
  belief_.release(states_);
  states_ = std::move(after);
  for (std::size_t i = 0; i < requests.size(); ++i) mark(requests[i], numbers[i]);
}

// No order explains them all: each is judged by itself, as they were answered.
void Judge::judge_one_by_one(std::span<InFlight> requests, std::span<const std::uint32_t> numbers) {
  std::vector<std::size_t> order(requests.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return requests[a].real.to < requests[b].real.to;
  });
  for (const std::size_t i : order) {
    if (lost_) {
      count(numbers[i], Mark::undetermined);
    } else {
      judge_alone(requests[i], numbers[i]);
    }
  }
}

void Judge::mark(const InFlight& request, std::uint32_t number) {
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
  findings_.unexplained += sight.possible ? 0U : 1U;
  findings_.near_limit += sight.near_limit ? 1U : 0U;
  count(number, mark);
  if (tells_ && sight.possible) count_told(*request.observation, sight);
}

void Judge::count(std::uint32_t number, Mark mark) {
  findings_.marks[number] = mark;
  const bool allowed = observations_[number].allowed;
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
}

}  // namespace weir::oracle
