#pragma once

#include <algorithm>
#include <optional>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {

/// GCRA as a bucket of time that drains by itself: each unit pours one emission interval in, and
/// the bucket holds so many.
class DrainingTimeReference : public Reference {
 public:
  DrainingTimeReference(Int128 interval_ns, Int128 units)
      : interval_(interval_ns), holds_(interval_ns * units) {}

  Verdict decide(Instant at, Cost cost) override {
    const Int128 now = at.unix_ns();
    const Int128 content = last_ ? std::max(poured_in_ - (now - *last_), Int128{0}) : 0;
    if (content + interval_ * cost > holds_) return {.allowed = false, .delay = {}};
    poured_in_ = content + interval_ * cost;
    last_ = now;
    return {};
  }

 private:
  Int128 interval_;
  Int128 holds_;
  Int128 poured_in_ = 0;
  std::optional<Int128> last_;
};

}  // namespace weir::limiter
