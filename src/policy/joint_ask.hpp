#pragma once

#include <span>

#include "policy/keyed_limiter.hpp"
#include "policy/spec.hpp"

namespace weir::policy {

/// What one of several limits that decide together is asked, and what it said.
struct JointAsk {
  KeyedLimiter* limiter = nullptr;
  const LimitSpec* spec = nullptr;
  Charge charge;
  /// Whether the limiter holds what it admits until that has ended.
  bool holds = false;

  Verdict verdict = {};
  bool charged = false;
  bool starts_at_once = true;

  bool denies() const { return !verdict.allowed && spec->enforce; }
};

/// Asks each limit and changes nothing. Limits with "enforce": false deny and delay nothing.
Verdict check_jointly(std::span<JointAsk> asked);

/// Charges what check_jointly() has just decided: all or none. A denial is put to every limit,
/// since some count it, whichever limit denied.
void charge_jointly(std::span<JointAsk> asked, bool allowed);

/// From the requests' instant to the first at which all limits would admit it; Duration::max() if
/// there is none.
Duration joint_wait(std::span<const JointAsk> asked);

}  // namespace weir::policy
