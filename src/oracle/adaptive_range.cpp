#include "oracle/adaptive_range.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

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
void AimdRange::update(const EndedSample& sample) {
  const auto clamped = [this](double next) { return std::max(least, std::min(most, next)); };
  const auto failed = [&](double old) { return clamped(std::trunc(old * backoff)); };
  const auto went_well = [&](double old, double in_flight) {
    return clamped(in_flight * 2.0 >= old ? old + 1.0 : old);
  };
  Hull next;
  if (sample.rtt.most > timeout_ns) next.add({failed(limit.least), failed(limit.most)});
  if (sample.rtt.least <= timeout_ns) {
    next.add({went_well(limit.least, sample.in_flight.least),
              went_well(limit.most, sample.in_flight.most)});
  }
  limit = next.get();
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

void VegasRange::update(const EndedSample& sample) {
  since_probe = {since_probe.least + 1.0, since_probe.most + 1.0};
  constexpr double least_jitter = 0.5;
  const bool may_probe = least_jitter * probe_multiplier * limit.least <= since_probe.most;
  const bool must_probe = probe_multiplier * limit.most <= since_probe.least;
  VegasRange probed = *this;
  probed.since_probe = {};
  probed.shortest = sample.rtt;
  probed.may_have_one = true;
  probed.may_have_none = false;
  if (must_probe) {
    *this = probed;
    return;
  }
  move(sample);
  if (may_probe) join(probed);
}

void VegasRange::move(const EndedSample& sample) {
  Hull next;
  const bool is_shortest = may_have_none || sample.rtt.least < shortest.most;
  if (is_shortest) next.add(limit);
  if (may_have_one && sample.rtt.most >= shortest.least) {
    const auto step_of = [](double of) {
      return static_cast<double>(limiter::VegasRule::log10_of(static_cast<std::int64_t>(of)));
    };
    const Interval step{step_of(limit.least), step_of(limit.most)};
    const auto queue = [&](double of, double shortest_rtt, double rtt) {
      return std::ceil(of * (1.0 - std::min(shortest_rtt / rtt, 1.0)));
    };
    const Interval waits{queue(limit.least, shortest.most, sample.rtt.least),
                         queue(limit.most, shortest.least, sample.rtt.most)};
    const auto moved = [&](double by_least, double by_most) {
      const auto to = [&](double old, double by) {
        const double aim = std::max(1.0, std::min(most, old + by));
        return (1.0 - smoothing) * old + smoothing * aim;
      };
      next.add({to(limit.least, by_least), to(limit.most, by_most)});
    };
    const bool may_stay = sample.in_flight.least * 2.0 < limit.most ||
                          (waits.most >= 3.0 * step.least && waits.least <= 6.0 * step.most);
    if (may_stay) next.add(limit);
    if (sample.in_flight.most * 2.0 >= limit.least) {
      if (waits.least <= step.most) moved(6.0 * step.least, 6.0 * step.most);
      if (waits.least < 3.0 * step.most && waits.most > step.least) moved(step.least, step.most);
      if (waits.most > 6.0 * step.least) moved(-step.most, -step.least);
    }
  }
  limit = next.get();
  if (!may_have_one) shortest = sample.rtt;
  if (may_have_one && may_have_none) shortest.join(sample.rtt);
  shortest = {std::min(shortest.least, sample.rtt.least), std::min(shortest.most, sample.rtt.most)};
  may_have_one = true;
  may_have_none = false;
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
    rule_ = AimdRange(parameters);
  } else if (algorithm == "vegas") {
    rule_ = VegasRange(parameters);
  } else if (algorithm == "gradient2") {
    rule_ = Gradient2Range(parameters);
  } else {
    rule_ = point(number(parameters, "limit"));
  }
}

const Interval& AdaptiveRange::limit() const {
  if (const auto* fixed = std::get_if<Interval>(&rule_)) return *fixed;
  if (const auto* aimd = std::get_if<AimdRange>(&rule_)) return aimd->limit;
  if (const auto* vegas = std::get_if<VegasRange>(&rule_)) return vegas->limit;
  return std::get<Gradient2Range>(rule_).limit;
}

Interval& AdaptiveRange::limit() {
  return const_cast<Interval&>(static_cast<const AdaptiveRange&>(*this).limit());
}

SlotCaps AdaptiveRange::caps() const {
  return {static_cast<std::int64_t>(limit().least), static_cast<std::int64_t>(limit().most)};
}

void AdaptiveRange::update(const EndedSample& sample) {
  if (auto* aimd = std::get_if<AimdRange>(&rule_)) aimd->update(sample);
  if (auto* vegas = std::get_if<VegasRange>(&rule_)) vegas->update(sample);
  if (auto* gradient = std::get_if<Gradient2Range>(&rule_)) gradient->update(sample);
}

void AdaptiveRange::join(const AdaptiveRange& other) {
  if (auto* aimd = std::get_if<AimdRange>(&rule_)) aimd->join(std::get<AimdRange>(other.rule_));
  if (auto* vegas = std::get_if<VegasRange>(&rule_)) vegas->join(std::get<VegasRange>(other.rule_));
  if (auto* gradient = std::get_if<Gradient2Range>(&rule_)) {
    gradient->join(std::get<Gradient2Range>(other.rule_));
  }
}

void AdaptiveRange::refine(SlotCaps caps) {
  if (!is_adaptive()) return;
  const double least = std::max(limit().least, static_cast<double>(caps.least));
  // All that is below the next whole number has the same whole part.
  const double most =
      std::min(limit().most, std::nextafter(static_cast<double>(caps.most) + 1.0, 0.0));
  if (least <= most) limit() = {least, most};
}

}  // namespace weir::oracle
