#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "oracle/judge.hpp"

namespace weir::oracle {

/// What the gateway's clock shows less what the client's shows: from the least to the most.
struct ClockOffset {
  Duration least;
  Duration most;

  Duration middle() const { return least + Duration::from_ns((most - least).ns() / 2); }
};

/// As far as half a window to either side: from there on windows lie as they did.
inline ClockOffset widened(ClockOffset range, Duration window) {
  const Duration half = Duration::from_ns(window.ns() / 2);
  return {std::min(range.least, range.middle() - half),
          std::max(range.most, range.middle() + half)};
}

inline Uncertainty with_offset(const ClockOffset& offset, Uncertainty uncertainty) {
  uncertainty.least_offset = offset.least;
  uncertainty.most_offset = offset.most;
  return uncertainty;
}

/// Whether the limits decide otherwise on a clock that is set otherwise, as windows at fixed times
/// do. The requests are decided as if each had been when it was sent.
bool depends_on_clock(const std::vector<policy::Limit>& limits,
                      const limiter::Environment& environment,
                      const std::vector<Observation>& observations,
                      std::span<const Group* const> groups);

/// An offset with which the limits would decide the most as was observed, were each request decided
/// midway between being sent and answered.
struct OffsetGuess {
  Duration offset;
  /// Those side by side with it that are as good.
  ClockOffset as_good;
  /// Whether most others explain clearly less.
  bool is_clear = false;
};

/// Within a range; of those as good the one nearest to none.
OffsetGuess guess_offset(const std::vector<policy::Limit>& limits,
                         const limiter::Environment& environment,
                         const std::vector<Observation>& observations,
                         std::span<const Group* const> groups, const Uncertainty& uncertainty,
                         ClockOffset range);

/// Offsets within a range with which no decision of all groups disagrees, looked for from `near`
/// on; none where there surely are none. Most offsets are refuted by `some` of the groups.
std::optional<ClockOffset> possible_offset(Judge& judge, std::span<const Group* const> all,
                                           std::span<const Group* const> some,
                                           const Uncertainty& uncertainty, ClockOffset range,
                                           Duration near);

/// What makes an offset unlikely: a decision that none of the states kept explains, or only one
/// that none can, also of those that were left out; and what was told otherwise, unless only
/// decisions are heeded.
enum class Against { unexplained, impossible, decisions };

/// No offset is looked for more exactly.
inline constexpr Duration finest_offset = Duration::from_us(400);

/// The offsets within a range that explain the most of the groups' decisions: by halves, leaving
/// those out that explain fewer. The decisions are not judged more often than `most_trials`.
ClockOffset refine_offset(Judge& judge, std::span<const Group* const> groups,
                          const Uncertainty& uncertainty, ClockOffset range, Against against,
                          Duration finest = finest_offset, int most_trials = 150);

}  // namespace weir::oracle
