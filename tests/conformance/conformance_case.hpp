#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"

namespace weir::limiter {

/// An independent, slow, obviously right form of an algorithm for one key: it keeps whatever makes
/// its rule plain (all past requests, say) and shares no code with the limiter that it checks.
class Reference {
 public:
  virtual ~Reference() = default;
  /// Decides a request and takes note of it, admitted or denied.
  virtual Verdict decide(Instant now, Cost cost) = 0;
};

/// What the conformance suite needs to know of a catalogue entry to test it.
struct ConformanceCase {
  std::string id;
  /// Settings to run with, as on the command line: "rate=3/s burst=5".
  std::vector<std::string> settings;
  std::function<std::unique_ptr<Reference>(const Parameters&, const Environment&)> reference;
  /// Whether a request of cost n is decided and charged like n of cost 1 at the same instant, all
  /// admitted or none.
  bool cost_is_divisible = true;
  /// Whether a denial leaves the state as it was (then remaining >= c exactly when c is admitted).
  bool denials_are_free = true;
  /// Whether a request of cost 0 is admitted and leaves the state as it was.
  bool zero_cost_is_free = true;
};

/// The cases, filled by each reference's file: `const bool registered = register_case({...});`
std::vector<ConformanceCase>& conformance_cases();
bool register_case(ConformanceCase added);

}  // namespace weir::limiter
