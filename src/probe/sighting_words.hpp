#pragma once

#include <string>
#include <vector>

#include "probe/experiment.hpp"

namespace weir::probe {

/// How many of them were admitted, or else denied.
std::uint64_t count_known(const std::vector<Sighting>& seen, bool allowed);

/// How many were, or may have been, admitted before the first denial; on its way a request may be
/// overtaken by the next.
std::int64_t admitted_before_denial(const std::vector<Sighting>& seen);

/// What an experiment that began then showed, in plain words: "8 admitted, 4 denied, denied from
/// 40.1ms on".
std::string words_of_seen(const std::vector<Sighting>& seen, Instant begin);

}  // namespace weir::probe
