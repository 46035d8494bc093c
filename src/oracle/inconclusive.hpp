#pragma once

#include <cstdint>
#include <string>

#include "oracle/verify.hpp"

namespace weir::oracle {

/// Whether more is undetermined than lets the rest say anything.
bool is_too_open(std::uint64_t undetermined, std::uint64_t decisions);

/// Why nothing is said where answers come as late as if the gateway, or else what is behind it,
/// held requests back.
std::string held_or_upstream(const Evidence& evidence);

/// Why a verification says nothing, and what traffic would decide; empty where it says something.
std::string why_inconclusive(const Evidence& evidence, const Verification& found);

}  // namespace weir::oracle
