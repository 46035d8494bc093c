#pragma once

#include <string>

#include "oracle/verify.hpp"

namespace weir::oracle {

/// Why a verification says nothing, and what traffic would decide; empty where it says something.
std::string why_inconclusive(const Evidence& evidence, const Verification& found);

}  // namespace weir::oracle
