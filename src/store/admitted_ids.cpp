#include "store/admitted_ids.hpp"

namespace weir::store {

const Said* AdmittedIds::find(const std::string& id, Instant now) const {
  const auto found = entries_.find(id);
  return found != entries_.end() && now < found->second.until ? &found->second.said : nullptr;
}

void AdmittedIds::add(const std::string& id, const Said& said, Instant now, Duration ttl) {
  while (!order_.empty()) {
    const auto oldest = entries_.find(order_.front());
    if (order_.size() < most && now < oldest->second.until) break;
    entries_.erase(oldest);
    order_.pop_front();
  }
  Said repeated = said;
  repeated.by = DecidedBy::repetition;
  // Only the first owes.
  repeated.owed.clear();
  if (entries_.insert_or_assign(id, Entry{std::move(repeated), now + ttl}).second) {
    order_.push_back(id);
  }
}

}  // namespace weir::store
