#pragma once

#include <string>

#include "metrics/verification.hpp"
#include "oracle/live_evidence.hpp"

namespace weir::cli {

struct VerificationResult {
  metrics::VerificationFacts facts;
  /// Why it says nothing, or empty.
  std::string why_inconclusive;
};

/// Judges what a run has gathered by the policy, and puts it as a report has it.
VerificationResult verification_of(oracle::LiveEvidence& gathered, bool pseudonyms);

}  // namespace weir::cli
