#include "oracle/adaptive_range.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>
#include <utility>

#include "limiter/vegas.hpp"

namespace weir::oracle {
namespace {

double number(const limiter::Parameters& parameters, std::string_view name) {
  return static_cast<double>(parameters.count(name));
}

Interval point(double value) { return {value, value}; }

/// The hull of what several branches lead to.
class Hull {
 public:
  void add(const Interval& interval) {
    if (hull_) hull_->join(interval);
    if (!hull_) hull_ = interval;
  }
  Interval get() const { return *hull_; }

 private:
  std::optional<Interval> hull_;
};

}  // namespace

void Interval::join(const Interval& other) {
  least = std::min(least, other.least);
  most = std::max(most, other.most);
}

// ---- aimd

AimdRange::AimdRange(const limiter::Parameters& parameters)
    : limit(point(number(parameters, "initial_limit"))),
      least(number(parameters, "min_limit")),
      most(number(parameters, "max_limit")),
      backoff(limiter::share_of(parameters, "backoff_percent")),
      timeout_ns(static_cast<double>(parameters.duration("timeout").ns())) {}

// Both rules grow with the limit and with those in flight.
std::vector<AimdRange> AimdRange::after(const EndedSample& sample) const {
  std::vector<AimdRange> ways;
  const auto add = [&](double low, double high) {
    const auto clamped = [this](double next) { return std::max(least, std::min(most, next)); };
    ways.push_back(*this);
    ways.back().limit = {clamped(low), clamped(high)};
  };
  if (sample.rtt.most > timeout_ns) {
    add(std::trunc(limit.least * backoff), std::trunc(limit.most * backoff));
  }
  if (sample.rtt.least > timeout_ns) return ways;
  if (sample.in_flight.most * 2.0 >= limit.least) add(limit.least + 1.0, limit.most + 1.0);
  if (sample.in_flight.least * 2.0 < limit.most) add(limit.least, limit.most);
  return ways;
}

// ---- vegas

VegasRange::VegasRange(const limiter::Parameters& parameters)
    : limit(point(number(parameters, "initial_limit"))),
      most(number(parameters, "max_concurrency")),
      smoothing(limiter::share_of(parameters, "smoothing_percent")),
      probe_multiplier(number(parameters, "probe_multiplier")) {}

void VegasRange::join(const VegasRange& other) {
  limit.join(other.limit);
  since_probe.join(other.since_probe);
  if (other.may_have_one && may_have_one) shortest.join(other.shortest);
  if (other.may_have_one && !may_have_one) shortest = other.shortest;
  may_have_one |= other.may_have_one;
  may_have_none |= other.may_have_none;
}

std::vector<VegasRange> VegasRange::after(const EndedSample& sample) const {
  std::vector<VegasRange> ways;
  VegasRange counted = *this;
  counted.since_probe = {since_probe.least + 1.0, since_probe.most + 1.0};
  constexpr double least_jitter = 0.5;
  if (least_jitter * probe_multiplier * limit.least <= counted.since_probe.most) {
    VegasRange probed = *this;
    probed.since_probe = {};
    probed.shortest = sample.rtt;
    probed.may_have_one = true;
    probed.may_have_none = false;
    ways.push_back(probed);
  }
  if (probe_multiplier * limit.most <= counted.since_probe.least) return ways;
  counted.add_shortest(sample, ways);
  counted.add_moved(sample, ways);
  return ways;
}

void VegasRange::add_shortest(const EndedSample& sample, std::vector<VegasRange>& into) const {
  if (!may_have_none && sample.rtt.least >= shortest.most) return;
  VegasRange shorter = *this;
  shorter.shortest = sample.rtt;
  if (!may_have_none) shorter.shortest.most = std::min(sample.rtt.most, shortest.most);
  shorter.may_have_one = true;
  shorter.may_have_none = false;
  into.push_back(shorter);
}

void VegasRange::add_moved(const EndedSample& sample, std::vector<VegasRange>& into) const {
  if (!may_have_one || sample.rtt.most < shortest.least) return;
  VegasRange longer = *this;
  longer.may_have_none = false;
  longer.shortest.most = std::min(shortest.most, sample.rtt.most);
  const auto step_of = [](double of) {
    return static_cast<double>(limiter::VegasRule::log10_of(static_cast<std::int64_t>(of)));
  };
  const Interval step{step_of(limit.least), step_of(limit.most)};
  const auto queue = [](double of, double shortest_rtt, double rtt) {
    return std::ceil(of * (1.0 - std::min(shortest_rtt / rtt, 1.0)));
  };
  const Interval waits{queue(limit.least, longer.shortest.most, sample.rtt.least),
                       queue(limit.most, longer.shortest.least, sample.rtt.most)};
  if (sample.in_flight.least * 2.0 < limit.most) into.push_back(longer);
  if (sample.in_flight.most * 2.0 < limit.least) return;
  const auto add = [&](Interval by, double least_waits, double most_waits) {
    const Interval seem{std::max(waits.least, least_waits), std::min(waits.most, most_waits)};
    if (seem.least <= seem.most) longer.add_step(by, seem, sample.rtt, into);
  };
  add({6.0 * step.least, 6.0 * step.most}, 0.0, step.most);
  add(step, step.least + 1.0, 3.0 * step.most - 1.0);
  add({}, 3.0 * step.least, 6.0 * step.most);
  add({-step.most, -step.least}, 6.0 * step.least + 1.0, waits.most);
}

void VegasRange::add_step(Interval by, Interval waits, const Interval& rtt,
                          std::vector<VegasRange>& into) const {
  constexpr double rounding_ns = 10.0;
  VegasRange moved = *this;
  // How many seem to wait says what the shortest time is.
  const double least_shortest = rtt.least * (1.0 - waits.most / limit.least) - rounding_ns;
  const double most_shortest = rtt.most * (1.0 - (waits.least - 1.0) / limit.most) + rounding_ns;
  moved.shortest = {std::max(shortest.least, least_shortest),
                    std::min(shortest.most, most_shortest)};
  if (moved.shortest.least > moved.shortest.most) return;
  const bool stays = by == Interval{};
  const auto to = [&](double old, double change) {
    const double aim = std::max(1.0, std::min(most, old + change));
    return (1.0 - smoothing) * old + smoothing * aim;
  };
  if (!stays) moved.limit = {to(limit.least, by.least), to(limit.most, by.most)};
  into.push_back(moved);
}

// ---- gradient2

Gradient2Range::Gradient2Range(const limiter::Parameters& parameters)
    : limit(point(number(parameters, "initial_limit"))),
      least(number(parameters, "min_limit")),
      most(number(parameters, "max_concurrency")),
      queue_size(number(parameters, "queue_size")),
      smoothing(limiter::share_of(parameters, "smoothing_percent")),
      tolerance(limiter::share_of(parameters, "rtt_tolerance_percent")),
      long_window(number(parameters, "long_window")) {}

void Gradient2Range::join(const Gradient2Range& other) {
  limit.join(other.limit);
  average.join(other.average);
  warmup_sum.join(other.warmup_sum);
}

void Gradient2Range::add_to_average(const Interval& rtt) {
  constexpr std::int64_t warmup = 10;
  if (warmup_count < warmup) {
    ++warmup_count;
    const auto count = static_cast<double>(warmup_count);
    warmup_sum = {warmup_sum.least + rtt.least, warmup_sum.most + rtt.most};
    average = {warmup_sum.least / count, warmup_sum.most / count};
    return;
  }
  const double factor = 2.0 / (long_window + 1.0);
  average = {average.least * (1.0 - factor) + rtt.least * factor,
             average.most * (1.0 - factor) + rtt.most * factor};
}

std::vector<Gradient2Range> Gradient2Range::after(const EndedSample& sample) const {
  Gradient2Range next = *this;
  next.update(sample);
  return {next};
}

void Gradient2Range::update(const EndedSample& sample) {
  add_to_average(sample.rtt);
  const Interval now = average;
  if (now.most / sample.rtt.least > 2.0) average.least *= 0.95;
  if (now.least / sample.rtt.most > 2.0) average.most *= 0.95;
  Hull next;
  if (sample.in_flight.least < limit.most / 2.0) next.add(limit);
  if (sample.in_flight.most >= limit.least / 2.0) {
    const auto moved = [&](double old, double long_rtt, double rtt) {
      const double gradient = std::max(0.5, std::min(1.0, tolerance * long_rtt / rtt));
      const double aim = old * gradient + queue_size;
      return std::max(least, std::min(most, old * (1.0 - smoothing) + aim * smoothing));
    };
    next.add({moved(limit.least, now.least, sample.rtt.most),
              moved(limit.most, now.most, sample.rtt.least)});
  }
  limit = next.get();
}

// ---- Any of them

AdaptiveRange::AdaptiveRange(std::string_view algorithm, const limiter::Parameters& parameters) {
  if (algorithm == "aimd") {
    states_.emplace_back(AimdRange(parameters));
  } else if (algorithm == "vegas") {
    states_.emplace_back(VegasRange(parameters));
  } else if (algorithm == "gradient2") {
    states_.emplace_back(Gradient2Range(parameters));
  } else {
    states_.emplace_back(point(number(parameters, "limit")));
  }
}

const Interval& AdaptiveRange::limit_of(const State& state) {
  if (const auto* fixed = std::get_if<Interval>(&state)) return *fixed;
  if (const auto* aimd = std::get_if<AimdRange>(&state)) return aimd->limit;
  if (const auto* vegas = std::get_if<VegasRange>(&state)) return vegas->limit;
  return std::get<Gradient2Range>(state).limit;
}

Interval& AdaptiveRange::limit_of(State& state) {
  return const_cast<Interval&>(limit_of(std::as_const(state)));
}

SlotCaps AdaptiveRange::caps() const {
  Hull hull;
  for (const State& state : states_) hull.add(limit_of(state));
  return {static_cast<std::int64_t>(hull.get().least), static_cast<std::int64_t>(hull.get().most)};
}

bool AdaptiveRange::are_like(const State& one, const State& other) {
  const auto is_like = [&](const auto& mine) {
    using Rule = std::decay_t<decltype(mine)>;
    if constexpr (std::is_same_v<Rule, Interval>) return false;
    if constexpr (!std::is_same_v<Rule, Interval>) return mine.is_like(std::get<Rule>(other));
  };
  return std::visit(is_like, one);
}

void AdaptiveRange::join_into(State& known, const State& other) {
  std::visit([&](auto& mine) { mine.join(std::get<std::decay_t<decltype(mine)>>(other)); }, known);
}

// Only those of one limit can be like one another, but for a rule that has one state only.
void AdaptiveRange::merge_like() {
  std::stable_sort(states_.begin(), states_.end(), [](const State& a, const State& b) {
    const Interval& one = limit_of(a);
    const Interval& other = limit_of(b);
    return std::pair(one.least, one.most) < std::pair(other.least, other.most);
  });
  std::vector<State> kept;
  std::size_t first_of_limit = 0;
  for (State& state : states_) {
    const bool has_one_state = std::holds_alternative<Gradient2Range>(state);
    if (!has_one_state && !kept.empty() && limit_of(kept[first_of_limit]) != limit_of(state)) {
      first_of_limit = kept.size();
    }
    const auto like =
        std::find_if(kept.begin() + static_cast<std::ptrdiff_t>(first_of_limit), kept.end(),
                     [&](const State& other) { return are_like(other, state); });
    if (like == kept.end()) {
      kept.push_back(std::move(state));
    } else {
      join_into(*like, state);
    }
  }
  states_ = std::move(kept);
}

// Those whose limits differ the least become one.
void AdaptiveRange::make_few() {
  constexpr std::size_t most_states = 96;
  for (double width = 1.0; states_.size() > most_states; width *= 2.0) {
    std::vector<State> kept;
    const auto part = [&](const State& state) { return std::floor(limit_of(state).least / width); };
    double last = -1.0;
    for (State& state : states_) {
      const double mine = part(state);
      if (kept.empty() || mine != last) {
        kept.push_back(std::move(state));
      } else {
        join_into(kept.back(), state);
      }
      last = mine;
    }
    states_ = std::move(kept);
  }
}

void AdaptiveRange::update(const EndedSample& sample) {
  if (!is_adaptive()) return;
  const std::vector<State> before = std::exchange(states_, {});
  for (const State& state : before) {
    const auto add_ways = [&](const auto& rule) {
      if constexpr (!std::is_same_v<std::decay_t<decltype(rule)>, Interval>) {
        for (const auto& way : rule.after(sample)) states_.emplace_back(way);
      }
    };
    std::visit(add_ways, state);
  }
  // What no state explains says nothing.
  if (states_.empty()) states_ = before;
  merge_like();
  make_few();
}

void AdaptiveRange::join(const AdaptiveRange& other) {
  if (!is_adaptive()) return;
  states_.insert(states_.end(), other.states_.begin(), other.states_.end());
  merge_like();
  make_few();
}

void AdaptiveRange::refine(SlotCaps caps) {
  if (!is_adaptive()) return;
  // All that is below the next whole number has the same whole part.
  const Interval in{static_cast<double>(caps.least),
                    std::nextafter(static_cast<double>(caps.most) + 1.0, 0.0)};
  std::vector<State> kept;
  for (State state : states_) {
    Interval& limit = limit_of(state);
    limit = {std::max(limit.least, in.least), std::min(limit.most, in.most)};
    if (limit.least <= limit.most) kept.push_back(std::move(state));
  }
  if (!kept.empty()) states_ = std::move(kept);
}

}  // namespace weir::oracle
