#pragma once

#include <array>
#include <vector>

#include "oracle/observation.hpp"

namespace weir::oracle {

/// How long denials took, which neither wait nor are served, from the quickest to the slowest.
std::vector<Duration> denial_times(const std::vector<Observation>& observations);

/// Whether so many denials say how long others took to be decided.
inline bool says_enough(const std::vector<Duration>& denials) { return denials.size() >= 30; }

/// How long a gateway may take to decide what it admits, where answers may take longer because
/// admitted requests wait or are served: from what nearly all denials took to what none did, then
/// to what their answers took; each is longer than the one before. `delays`: they may wait.
std::vector<Duration> decision_times(const std::vector<Observation>& observations, bool delays);

/// How many of what was admitted may have been decided later than that, since they were answered
/// later: all of them, where those are few; otherwise as many as the denials make likely that were
/// as late, and hardly ever more.
double most_later(const std::vector<Observation>& observations, Duration decided_within);

/// How long a gateway may need to decide: so many times what such a share of the denials took, and
/// at least so long; and for how long requests may go on to count there after their answers' end.
struct Latitude {
  double share = 1.0;
  int times = 1;
  Duration least;
  Duration lingers;
};

/// From what holds on an idle machine to what does on one that is stalled for long.
const std::array<Latitude, 6>& latitudes();

/// Duration::max() where there are no denials to go by.
Duration time_to_decide(const std::vector<Duration>& denials, const Latitude& latitude);

}  // namespace weir::oracle
