#pragma once

#include "limiter/adaptive_concurrency.hpp"
#include "limiter/entry_support.hpp"

namespace weir::limiter {

/// A key of an adaptive limit on concurrency whose requests come and end by turns.
template <class Rule>
class AdaptiveKey {
 public:
  explicit AdaptiveKey(const AdaptiveConcurrency<Rule>& limiter) : limiter_(limiter) {}

  /// What the limit is after a request that finds `in_flight` with itself, and takes so long.
  std::int64_t after(Duration rtt, std::int64_t in_flight, bool dropped = false) {
    typename AdaptiveConcurrency<Rule>::State& s = state_;
    limiter_.charge(s, now_, in_flight - 1);
    limiter_.charge(s, now_ + one_ns, 1);
    limiter_.complete(s, {now_ + one_ns, now_ + one_ns + rtt, 1, dropped});
    // The others leave without a word.
    s.running = 0;
    s.starts.clear();
    now_ += rtt + one_ns;
    return limit();
  }

  std::int64_t limit() const { return limiter_.quota(state_, now_).limit; }

 private:
  AdaptiveConcurrency<Rule> limiter_;
  typename AdaptiveConcurrency<Rule>::State state_;
  Instant now_ = noon;
};

/// One of them, from a setting.
template <class Entry, class Rule>
AdaptiveKey<Rule> adaptive_key(std::string_view settings) {
  return AdaptiveKey<Rule>(make<Entry>(settings));
}

}  // namespace weir::limiter
