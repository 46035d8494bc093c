#include <algorithm>

#include "oracle/clock_offset.hpp"

namespace weir::oracle {
namespace {

/// So many offsets are tried, and again so many between the neighbours of the best.
constexpr std::int64_t tried_offsets = 400;
constexpr std::int64_t tried_nearby = 40;
/// So many of the observations say enough.
constexpr std::size_t most_for_guess = 2'000;

/// Decides requests as the limits do, each midway through its time, and goes on from what the
/// gateway really did.
class Replay {
 public:
  Replay(const std::vector<policy::Limit>& limits, const limiter::Environment& environment,
         const std::vector<Observation>& observations, std::span<const Group* const> groups,
         const Uncertainty& uncertainty)
      : bank_(limits, environment),
        observations_(observations),
        groups_(groups),
        uncertainty_(uncertainty) {}

  /// How many are decided otherwise with that offset.
  std::size_t mistakes(Duration offset) {
    std::size_t mistakes = 0;
    std::size_t done = 0;
    for (const Group* group : groups_) {
      bank_.begin(group->entries);
      const Row row = bank_.add_new();
      Instant last = Instant::min();
      for (const std::uint32_t number : group->observations) {
        if (++done > most_for_guess) return mistakes;
        const Observation& observation = observations_[number];
        const TimeSpan span = decided_in(observation, uncertainty_);
        last = std::max(last, span.from + Duration::from_ns(span.width().ns() / 2) + offset);
        mistakes += is_mistake(row, observation, last) ? 1U : 0U;
      }
    }
    return mistakes;
  }

 private:
  bool is_mistake(Row row, const Observation& observation, Instant at) {
    const bool allowed = bank_.check(row, observation, at).allowed;
    const bool counts = observation.is_known && observation.holders == Observation::Holders::admit;
    if (!counts || allowed == observation.allowed || !observation.allowed) {
      bank_.charge(row, observation.allowed && allowed);
    } else {
      bank_.charge_anyway(row, observation, at);
    }
    if (observation.allowed && bank_.settles_late() && observation.is_late()) {
      bank_.settle(row, observation, at);
    }
    return counts && allowed != observation.allowed;
  }

  StateBank bank_;
  const std::vector<Observation>& observations_;
  std::span<const Group* const> groups_;
  const Uncertainty& uncertainty_;
};

struct TriedOffset {
  Duration offset;
  std::size_t mistakes = 0;
};

std::vector<TriedOffset> try_offsets(Replay& replay, ClockOffset range, std::int64_t tries) {
  std::vector<TriedOffset> tried;
  for (std::int64_t i = 0; i <= tries; ++i) {
    const Duration offset =
        range.least + Duration::from_ns((range.most - range.least).ns() / tries * i);
    tried.push_back({offset, replay.mistakes(offset)});
  }
  return tried;
}

std::size_t fewest_mistakes(const std::vector<TriedOffset>& tried) {
  const auto fewest =
      std::min_element(tried.begin(), tried.end(),
                       [](const auto& a, const auto& b) { return a.mistakes < b.mistakes; });
  return fewest->mistakes;
}

/// Those best ones that lie side by side nearest to none.
ClockOffset best_of(const std::vector<TriedOffset>& tried) {
  const std::size_t fewest = fewest_mistakes(tried);
  ClockOffset best{Duration::max(), Duration::max()};
  for (std::size_t i = 0; i < tried.size();) {
    std::size_t end = i;
    while (end < tried.size() && tried[end].mistakes == fewest) ++end;
    if (end > i) {
      const ClockOffset run{tried[i].offset, tried[end - 1].offset};
      const bool is_first = best.least == Duration::max();
      if (is_first || std::abs(run.middle().ns()) < std::abs(best.middle().ns())) best = run;
    }
    i = std::max(end, i + 1);
  }
  return best;
}

/// Whether the best explain clearly more than most do.
bool is_clear(const std::vector<TriedOffset>& tried) {
  constexpr std::size_t least_more = 5;
  std::vector<std::size_t> mistakes;
  for (const TriedOffset& t : tried) mistakes.push_back(t.mistakes);
  const auto middle = mistakes.begin() + static_cast<std::ptrdiff_t>(mistakes.size() / 2);
  std::nth_element(mistakes.begin(), middle, mistakes.end());
  const std::size_t fewest = fewest_mistakes(tried);
  return *middle >= 2 * fewest && *middle >= fewest + least_more;
}

}  // namespace

OffsetGuess guess_offset(const std::vector<policy::Limit>& limits,
                         const limiter::Environment& environment,
                         const std::vector<Observation>& observations,
                         std::span<const Group* const> groups, const Uncertainty& uncertainty,
                         ClockOffset range) {
  Replay replay(limits, environment, observations, groups, uncertainty);
  const std::vector<TriedOffset> coarse = try_offsets(replay, range, tried_offsets);
  const ClockOffset as_good = best_of(coarse);
  const Duration step = Duration::from_ns((range.most - range.least).ns() / tried_offsets * 2);
  const ClockOffset nearby{std::max(range.least, as_good.middle() - step),
                           std::min(range.most, as_good.middle() + step)};
  const ClockOffset best = best_of(try_offsets(replay, nearby, tried_nearby));
  return {best.middle(), as_good, is_clear(coarse)};
}

std::optional<ClockOffset> possible_offset(Judge& judge, std::span<const Group* const> all,
                                           std::span<const Group* const> some,
                                           const Uncertainty& uncertainty, ClockOffset range,
                                           Duration near) {
  /// States are followed for sure only where offsets are not much less certain.
  constexpr std::int64_t parts = 64;
  constexpr int most_trials = 1'000;
  const auto distance = [&](const ClockOffset& cell) { return (cell.middle() - near).ns(); };
  const auto is_farther = [&](const ClockOffset& a, const ClockOffset& b) {
    return std::abs(distance(a)) > std::abs(distance(b));
  };
  std::vector<ClockOffset> open;
  const Duration part = Duration::from_ns((range.most - range.least).ns() / parts + 1);
  for (std::int64_t i = 0; i < parts; ++i) {
    open.push_back({range.least + part * i, std::min(range.most, range.least + part * (i + 1))});
  }
  std::sort(open.begin(), open.end(), is_farther);
  for (int trials = 0; !open.empty(); ++trials) {
    const ClockOffset cell = open.back();
    open.pop_back();
    if (judge.contradicts(some, with_offset(cell, uncertainty))) continue;
    if (cell.most - cell.least <= finest_offset || trials >= most_trials) {
      if (judge.contradicts(all, with_offset(cell, uncertainty))) continue;
      return cell;
    }
    std::vector<ClockOffset> halves = {{cell.least, cell.middle()}, {cell.middle(), cell.most}};
    std::sort(halves.begin(), halves.end(), is_farther);
    open.insert(open.end(), halves.begin(), halves.end());
  }
  return std::nullopt;
}

}  // namespace weir::oracle
