#pragma once

#include <cstdint>
#include <optional>

#include "oracle/adaptive_range.hpp"
#include "policy/policy.hpp"

namespace weir::oracle {

/// What a limit on concurrency can have decided, from how much is held. Its state is a count only
/// where all requests cost the same or none waits; otherwise some decisions could be either.
class SlotRule {
 public:
  /// Of one row of a limit that holds what it admits; no request costs more than `most_cost`.
  SlotRule(const policy::Limit& limit, policy::VariantIndex variant, policy::Cost most_cost);

  bool may_admit(std::int64_t held, policy::Cost cost, SlotCaps caps) const;
  bool may_deny(std::int64_t held, policy::Cost cost, SlotCaps caps) const;
  /// How many more fit, where so much is held; none where that is not told.
  std::optional<std::int64_t> remaining(std::int64_t held) const;

  /// What is known of the limit before any request of a key.
  const AdaptiveRange& at_first() const { return at_first_; }
  /// A slot is free again so long after it was taken.
  std::optional<Duration> slot_ttl() const { return slot_ttl_; }
  bool has_queue() const { return queue_ > 0; }

 private:
  AdaptiveRange at_first_;
  std::int64_t queue_ = 0;
  std::optional<Duration> slot_ttl_;
  policy::Cost most_cost_ = 1;
};

}  // namespace weir::oracle
