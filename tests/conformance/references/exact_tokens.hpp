#pragma once

#include <algorithm>

#include "core/int128.hpp"
#include "core/rate.hpp"
#include "core/time.hpp"

namespace weir::limiter {

/// A bucket's content as an exact fraction of a token: `per` parts make one, and `units` parts come
/// every nanosecond. It counts tokens forward in time, where the limiters compute instants.
class ExactTokens {
 public:
  ExactTokens(const Rate& rate, std::int64_t capacity, std::int64_t initial)
      : per_(rate.per.ns()), units_(rate.units), most_(capacity * per_), parts_(initial * per_) {}

  /// Lets the time from the last call to `now` pass; none the first time.
  void refill(Instant now) {
    const Int128 elapsed = started_ ? Int128{now.unix_ns()} - last_.unix_ns() : 0;
    parts_ = std::min(most_, parts_ + elapsed * units_);
    last_ = now;
    started_ = true;
  }

  bool holds(std::int64_t tokens) const { return tokens * per_ <= parts_; }
  void take(std::int64_t tokens) { parts_ -= tokens * per_; }

 private:
  Int128 per_;
  Int128 units_;
  Int128 most_;
  Int128 parts_;
  Instant last_;
  bool started_ = false;
};

}  // namespace weir::limiter
