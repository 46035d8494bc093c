#pragma once

#include <string_view>

// The parts of redis_script(), in their order: each goes on in the scope of those before.
namespace weir::store::lua {

/// Arithmetic, and reading and writing of states. A key lives until its state equals a new one's.
extern const std::string_view basics;
/// Costs in the order in which they came: weir::limiter::CostLog in a Redis string.
extern const std::string_view cost_log;
/// Schedules by their theoretical arrival time.
extern const std::string_view schedules;
/// Counters of windows, and the bucket that is refilled by interval.
extern const std::string_view counters;
/// Sliding windows over a log, what holds until the end, and what needs no state.
extern const std::string_view sliding;
/// Deciding and ending a request.
extern const std::string_view requests;

}  // namespace weir::store::lua
