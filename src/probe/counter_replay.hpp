#pragma once

#include <cstdint>
#include <vector>

#include "probe/fit.hpp"
#include "probe/window_count.hpp"

namespace weir::probe {

/// One setting of a fixed window or a sliding window counter that is tried.
struct Counter {
  Kind kind = Kind::counter_epoch;
  std::int64_t limit = 0;
  std::int64_t window_ns = 1;
  std::int64_t phase_ns = 0;
};

/// Whether its windows begin at fixed times, which a phase tells.
inline bool is_of_epoch(Kind kind) {
  return kind == Kind::fixed_epoch || kind == Kind::counter_epoch;
}

/// Histories, how their requests are counted, and which of them say the most: those that were
/// decided otherwise than the one before or after them.
struct Counted {
  Counted(const Histories& all, bool count_denied) : histories(all) {
    for (const History& history : all) {
      counts.emplace_back(history, count_denied);
      auto& tells = telling.emplace_back(history.size());
      for (std::size_t e = 0; e + 1 < history.size(); ++e) {
        if (history[e].allowed != history[e + 1].allowed) tells[e] = tells[e + 1] = true;
      }
    }
  }
  const Histories& histories;
  std::vector<WindowCount> counts;
  std::vector<std::vector<bool>> telling;
};

/// What a counter does not explain, until more than enough is found.
std::vector<EventId> unexplained_by(const Counted& counted, const Counter& counter,
                                    std::size_t enough);

/// How badly a counter explains: each event that it does not counts, the more the further it is
/// off, so that a search feels its way; stops at enough. Of all events or, quicker, those that say
/// the most.
double cost_of(const Counted& counted, const Counter& counter, double enough, bool only_telling);

}  // namespace weir::probe
