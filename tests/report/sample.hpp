#pragma once

#include <string>
#include <vector>

#include "metrics/outcome.hpp"
#include "scenario/model.hpp"

namespace weir::report {

/// A scenario of one unnamed policy: limits `requests` (keyed by user) and `tokens` (only
/// counting), classes `steady` and `bursty`, attributes tier and user, a cost named tokens.
scenario::Scenario sample_scenario();

/// What a run of it might have counted: 1000 attempts, 800 of them allowed, in four intervals of
/// 2.5 s.
metrics::Accumulator sample_accumulator();

metrics::Outcome sample_outcome();

/// The same with three policies by name: strict, lenient, and one that was never met.
scenario::Scenario sample_comparison_scenario();
metrics::Outcome sample_comparison_outcome();

/// The same with clients that come back, a back end of four slots, a limit that reserves tokens and
/// one that is compared with a window.
scenario::Scenario sample_loop_scenario();
metrics::Outcome sample_loop_outcome();

/// "totals.denied_ratio < 0.05".
scenario::Threshold threshold(const std::string& path, scenario::Comparison comparison,
                              double value);

}  // namespace weir::report
