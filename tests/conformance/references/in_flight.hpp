#pragma once

#include <vector>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {

/// Keeps every admitted request; the suite never ends one, so none ever frees its slots, and no
/// limit ever moves. Requests that end are tested with the limiters.
class InFlightReference : public Reference {
 public:
  explicit InFlightReference(std::int64_t limit) : limit_(limit) {}

  Verdict decide(Instant, Cost cost) override {
    Int128 in_flight = 0;
    for (const Cost c : admitted_) in_flight += c;
    const bool allowed = in_flight + cost <= limit_;
    if (allowed && cost > 0) admitted_.push_back(cost);
    return {.allowed = allowed, .delay = {}};
  }

 private:
  std::int64_t limit_;
  std::vector<Cost> admitted_;
};

}  // namespace weir::limiter
