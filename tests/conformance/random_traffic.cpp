#include "conformance/random_traffic.hpp"

#include <algorithm>
#include <variant>

#include "core/int128.hpp"

namespace weir::limiter {
namespace {

struct Lengths {
  std::vector<std::int64_t> ns;
  std::vector<std::int64_t> counts;

  void operator()(std::int64_t count) { counts.push_back(count); }
  void operator()(Duration d) { ns.push_back(d.ns()); }
  void operator()(const Rate& rate) {
    ns.push_back(rate.per.ns());
    if (rate.units > 0) ns.push_back(rate.per.ns() / static_cast<std::int64_t>(rate.units));
  }
  void operator()(const std::string&) {}
  void operator()(bool) {}
};

}  // namespace

std::vector<Duration> telling_durations(const Parameters& parameters) {
  Lengths lengths;
  for (const auto& [name, value] : parameters.values()) std::visit(lengths, value);
  const std::vector<std::int64_t> whole = lengths.ns;
  for (const std::int64_t count : lengths.counts) {
    for (const std::int64_t ns : whole) {
      if (count > 1) lengths.ns.push_back(ns / count);
    }
  }
  if (lengths.ns.empty()) lengths.ns.push_back(1'000'000);
  std::vector<Duration> all;
  for (const std::int64_t ns : lengths.ns) {
    all.push_back(Duration::from_ns(std::max<std::int64_t>(ns, 1)));
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

RandomTraffic::RandomTraffic(const Parameters& parameters, RandomSequence draws)
    : draws_(draws), durations_(telling_durations(parameters)), pace_(durations_[0]) {}

Instant RandomTraffic::next_instant(Instant now, std::optional<Instant> promised) {
  maybe_change_phase();
  if (promised && *promised > now && below(4) == 0) {
    return *promised - Duration::from_ns(static_cast<std::int64_t>(below(2)));
  }
  return now + gap(now);
}

Cost RandomTraffic::next_cost(std::int64_t limit) {
  const std::uint64_t most =
      std::clamp<std::uint64_t>(static_cast<std::uint64_t>(limit), 1, largest_cost - 2);
  const std::uint64_t kind = below(100);
  if (kind < 70) return 1;
  if (kind < 75) return 0;
  if (kind < 85) return static_cast<Cost>(1 + below(3));
  if (kind < 97) return static_cast<Cost>(1 + below(most));
  return static_cast<Cost>(most + below(3));
}

Duration RandomTraffic::any_telling_duration() { return durations_[below(durations_.size())]; }

void RandomTraffic::maybe_change_phase() {
  if (below(40) != 0) return;
  phase_ = static_cast<Phase>(below(4));
  pace_ = any_telling_duration();
}

Duration RandomTraffic::gap(Instant now) {
  const std::uint64_t kind = below(100);
  if (phase_ == Phase::dense && kind < 90) {
    return Duration::from_ns(static_cast<std::int64_t>(below(3)));
  }
  if (phase_ == Phase::trickle && kind < 90) {
    return Duration::from_ns(
        static_cast<std::int64_t>(below(2 * static_cast<std::uint64_t>(pace_.ns()) + 1)));
  }
  if (phase_ == Phase::edges && kind < 70) return kind % 2 == 0 ? to_edge(now) : Duration();
  if (kind < 30) return Duration();
  if (kind < 60) return around(any_telling_duration());
  if (kind < 75) return to_edge(now);
  if (kind < 95) {
    const Duration d = any_telling_duration();
    return Duration::from_ns(
        static_cast<std::int64_t>(below(static_cast<std::uint64_t>(d.ns()) + 1)));
  }
  return around(any_telling_duration() * static_cast<std::int64_t>(1 + below(3)));
}

/// To the next multiple of a telling duration since the epoch, or a nanosecond off it.
Duration RandomTraffic::to_edge(Instant now) {
  const std::int64_t d = any_telling_duration().ns();
  const std::int64_t past = now.unix_ns() - floor_div(now.unix_ns(), d) * d;
  return around(Duration::from_ns(d - past));
}

Duration RandomTraffic::around(Duration d) {
  const auto off = static_cast<std::int64_t>(below(3)) - 1;
  return Duration::from_ns(std::max<std::int64_t>(d.ns() + off, 0));
}

}  // namespace weir::limiter
