#pragma once

#include <string>
#include <vector>

#include "probe/experiment.hpp"

namespace weir::probe {

/// How many of them were admitted, or else denied.
std::uint64_t count_known(const std::vector<Sighting>& seen, bool allowed);

/// What an experiment that began then showed, in plain words: "8 admitted, 4 denied, denied from
/// 40.1ms on".
std::string words_of_seen(const std::vector<Sighting>& seen, Instant begin);

}  // namespace weir::probe
