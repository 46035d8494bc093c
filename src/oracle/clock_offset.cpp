#include "oracle/clock_offset.hpp"

#include <algorithm>
#include <array>

namespace weir::oracle {
namespace {

/// No offset is looked for more exactly.
constexpr Duration finest = Duration::from_us(400);
/// Nor are the decisions judged more often than this.
constexpr int most_trials = 150;

std::vector<bool> decisions_at(StateBank& bank, const std::vector<Observation>& observations,
                               std::span<const Group* const> groups, Duration shift) {
  std::vector<bool> allowed;
  for (const Group* group : groups) {
    bank.begin(group->entries);
    const Row row = bank.add_new();
    for (const std::uint32_t number : group->observations) {
      const Observation& observation = observations[number];
      allowed.push_back(bank.check(row, observation, observation.sent + shift).allowed);
      bank.charge(row, allowed.back());
    }
  }
  return allowed;
}

struct Cell {
  ClockOffset offsets;
  std::uint64_t impossible = 0;

  Duration width() const { return offsets.most - offsets.least; }
};

/// The cell to look into: of those that explain the most, the widest.
bool is_less_urgent(const Cell& a, const Cell& b) {
  if (a.impossible != b.impossible) return a.impossible > b.impossible;
  return a.width() < b.width();
}

}  // namespace

bool depends_on_clock(const std::vector<policy::Limit>& limits,
                      const limiter::Environment& environment,
                      const std::vector<Observation>& observations,
                      std::span<const Group* const> groups) {
  // Whole milliseconds, which are ticks of the fast clocks too.
  constexpr std::array<std::int64_t, 5> shifts_ms = {37, 213, 611, 1'377, 17'911};
  StateBank bank(limits, environment);
  const std::vector<bool> as_sent = decisions_at(bank, observations, groups, Duration());
  return std::any_of(shifts_ms.begin(), shifts_ms.end(), [&](std::int64_t ms) {
    return decisions_at(bank, observations, groups, Duration::from_ms(ms)) != as_sent;
  });
}

ClockOffset refine_offset(Judge& judge, std::span<const Group* const> groups,
                          const Uncertainty& uncertainty, ClockOffset range) {
  const auto trial = [&](ClockOffset offsets) {
    Uncertainty tried = uncertainty;
    tried.least_offset = offsets.least;
    tried.most_offset = offsets.most;
    return Cell{offsets, judge.judge(groups, tried).unexplained};
  };
  std::vector<Cell> cells = {trial(range)};
  for (int trials = 1; trials < most_trials; trials += 2) {
    const Cell next = cells.front();
    if (next.width() <= finest) break;
    std::pop_heap(cells.begin(), cells.end(), is_less_urgent);
    cells.pop_back();
    const Duration middle = next.offsets.middle();
    for (const ClockOffset half :
         {ClockOffset{next.offsets.least, middle}, ClockOffset{middle, next.offsets.most}}) {
      cells.push_back(trial(half));
      std::push_heap(cells.begin(), cells.end(), is_less_urgent);
    }
  }
  const std::uint64_t fewest = cells.front().impossible;
  ClockOffset best = cells.front().offsets;
  for (const Cell& cell : cells) {
    if (cell.impossible > fewest) continue;
    best.least = std::min(best.least, cell.offsets.least);
    best.most = std::max(best.most, cell.offsets.most);
  }
  return best;
}

}  // namespace weir::oracle
