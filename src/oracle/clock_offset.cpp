#include "oracle/clock_offset.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace weir::oracle {
namespace {

/// Of the offsets that lie side by side, those nearest to none: offsets a window apart explain the
/// same, and most clocks are right.
ClockOffset nearest_run(std::vector<ClockOffset> cells) {
  std::sort(cells.begin(), cells.end(),
            [](const ClockOffset& a, const ClockOffset& b) { return a.least < b.least; });
  const auto distance = [](const ClockOffset& run) {
    return std::max({run.least.ns(), -run.most.ns(), std::int64_t{0}});
  };
  ClockOffset run = cells.front();
  ClockOffset nearest = run;
  for (const ClockOffset& cell : cells) {
    if (cell.least > run.most) run = cell;
    run.most = std::max(run.most, cell.most);
    if (run.least == nearest.least || distance(run) < distance(nearest)) nearest = run;
  }
  return nearest;
}

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
      if (allowed.back() && bank.settles_late() && observation.is_late()) {
        bank.settle(row, observation, observation.sent + shift);
      }
    }
  }
  return allowed;
}

struct Cell {
  ClockOffset offsets;
  /// What no offset in the cell explains, and what none seemed to.
  std::uint64_t impossible = 0;
  std::uint64_t unexplained = 0;

  Duration width() const { return offsets.most - offsets.least; }
};

/// The cell to look into: of those that may explain the most, the one that seems to, then the
/// widest. None where all that may are fine enough.
std::vector<Cell>::iterator most_urgent(std::vector<Cell>& cells, Duration finest) {
  const auto fewest =
      std::min_element(cells.begin(), cells.end(), [](const auto& a, const auto& b) {
        return a.impossible < b.impossible;
      })->impossible;
  const auto urgency = [&](const Cell& cell) {
    const bool is_open = cell.impossible == fewest && cell.width() > finest;
    return std::tuple(!is_open, cell.unexplained, -cell.width().ns());
  };
  const auto found =
      std::min_element(cells.begin(), cells.end(),
                       [&](const Cell& a, const Cell& b) { return urgency(a) < urgency(b); });
  return std::get<0>(urgency(*found)) ? cells.end() : found;
}

}  // namespace

bool depends_on_clock(const std::vector<policy::Limit>& limits,
                      const limiter::Environment& environment,
                      const std::vector<Observation>& observations,
                      std::span<const Group* const> groups) {
  // Even milliseconds, which are ticks of the fast clocks too.
  constexpr std::array<std::int64_t, 5> shifts_ms = {38, 214, 612, 1'378, 17'912};
  StateBank bank(limits, environment);
  const std::vector<bool> as_sent = decisions_at(bank, observations, groups, Duration());
  return std::any_of(shifts_ms.begin(), shifts_ms.end(), [&](std::int64_t ms) {
    return decisions_at(bank, observations, groups, Duration::from_ms(ms)) != as_sent;
  });
}

ClockOffset refine_offset(Judge& judge, std::span<const Group* const> groups,
                          const Uncertainty& uncertainty, ClockOffset range, Against against,
                          Duration finest, int most_trials) {
  const auto trial = [&](ClockOffset offsets) {
    Uncertainty tried = uncertainty;
    tried.least_offset = offsets.least;
    tried.most_offset = offsets.most;
    const Findings findings = judge.judge(groups, tried);
    const bool strictly = against == Against::impossible;
    // What answers tell speaks for an offset as decisions do.
    const std::uint64_t told = against == Against::decisions
                                   ? 0
                                   : findings.remaining.disagree + findings.reset_after.disagree;
    return Cell{offsets, (strictly ? findings.disagree : findings.unexplained) + told,
                findings.unexplained + told};
  };
  std::vector<Cell> cells = {trial(range)};
  for (int trials = 1; trials < most_trials; trials += 2) {
    const auto next = most_urgent(cells, finest);
    if (next == cells.end()) break;
    const ClockOffset all = next->offsets;
    *next = trial({all.least, all.middle()});
    cells.push_back(trial({all.middle(), all.most}));
  }
  std::uint64_t fewest = cells.front().impossible;
  for (const Cell& cell : cells) fewest = std::min(fewest, cell.impossible);
  std::vector<ClockOffset> likely;
  for (const Cell& cell : cells) {
    if (cell.impossible == fewest) likely.push_back(cell.offsets);
  }
  return nearest_run(std::move(likely));
}

}  // namespace weir::oracle
