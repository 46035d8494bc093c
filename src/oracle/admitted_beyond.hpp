#pragma once

#include <optional>

#include "oracle/verify.hpp"

namespace weir::oracle {

/// How many more the gateway has admitted than its policy would have of the same requests, as a
/// share of those; less than 0 if fewer. A decision that is not as the policy makes it says less:
/// what comes after it is judged by what the gateway did. None where it matters when requests end,
/// or the policy admits nothing.
std::optional<double> admitted_beyond(const Evidence& evidence, const ClockOffset& offset);

}  // namespace weir::oracle
