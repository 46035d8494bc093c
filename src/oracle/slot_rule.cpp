#include "oracle/slot_rule.hpp"

#include <algorithm>

namespace weir::oracle {

SlotRule::SlotRule(const policy::Limit& limit, policy::VariantIndex variant, policy::Cost most_cost)
    : at_first_(limit.spec.algorithm, limit.variants[variant]), most_cost_(most_cost) {
  const limiter::Parameters& parameters = limit.variants[variant];
  if (parameters.has("queue")) queue_ = parameters.count("queue");
  if (parameters.has("slot_ttl")) slot_ttl_ = parameters.duration("slot_ttl");
}

// As long as no more is held than there are slots, nothing waits: what waits first does so because
// it does not fit. What is held beyond them waits, and a little more where what waits is large.
bool SlotRule::may_admit(std::int64_t held, policy::Cost cost, SlotCaps caps) const {
  if (cost == 0) return true;
  if (cost > caps.most) return false;
  if (held + cost <= caps.most) return true;
  return cost <= queue_ - std::max<std::int64_t>(held - caps.most, 0);
}

bool SlotRule::may_deny(std::int64_t held, policy::Cost cost, SlotCaps caps) const {
  if (cost == 0) return false;
  if (cost > caps.least) return true;
  if (held + cost <= caps.least) return false;
  const std::int64_t waits = held <= caps.least ? 0 : held - caps.least + most_cost_ - 1;
  return cost > queue_ - waits;
}

std::optional<std::int64_t> SlotRule::remaining(std::int64_t held) const {
  if (at_first_.is_adaptive()) return std::nullopt;
  const std::int64_t slots = at_first_.caps().least;
  const std::int64_t waits = std::max<std::int64_t>(held - slots, 0);
  const std::int64_t free = waits == 0 ? slots - held : 0;
  return std::max(free, std::min(queue_ - waits, slots));
}

}  // namespace weir::oracle
