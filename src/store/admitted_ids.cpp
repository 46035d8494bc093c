#include "store/admitted_ids.hpp"

namespace weir::store {

const Said* AdmittedIds::find(const std::string& id, Instant now) const {
  const auto found = entries_.find(id);
  return found != entries_.end() && now < found->second.until ? &found->second.said : nullptr;
}

void AdmittedIds::add(const std::string& id, const Said& said, Instant now, Duration ttl) {
  while (!order_.empty()) {
    const auto oldest = entries_.find(*order_.front());
    if (order_.size() < most_ && now < oldest->second.until) break;
    entries_.erase(oldest);
    order_.pop_front();
  }
  Said repeated = said;
  repeated.by = DecidedBy::repetition;
  // Only the first owes, and what it was told of its limits is of then.
  repeated.owed.clear();
  repeated.limits.clear();
  const auto [entry, is_new] = entries_.insert_or_assign(id, Entry{std::move(repeated), now + ttl});
  if (is_new) order_.push_back(&entry->first);
}

}  // namespace weir::store
