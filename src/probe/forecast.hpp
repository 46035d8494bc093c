#pragma once

#include <memory>
#include <vector>

#include "probe/experiment.hpp"
#include "probe/fit.hpp"

namespace weir::probe {

/// What a gateway that is as the fit says would make of an experiment that begins so long after the
/// probe did, by track and step, in order; each answer takes a round trip. Steps that would not be
/// sent any more are left out of their track.
std::vector<std::vector<bool>> forecast(const Fit& fit, const Experiment& experiment,
                                        std::int64_t begin_ns, std::int64_t round_trip_ns);

/// In how many of their decisions two forecasts differ.
std::size_t differing(const std::vector<std::vector<bool>>& a,
                      const std::vector<std::vector<bool>>& b);

}  // namespace weir::probe
