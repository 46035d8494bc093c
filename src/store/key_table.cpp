#include "store/key_table.hpp"

#include <algorithm>

namespace weir::store {

using policy::KeyIndex;

KeyTable::KeyTable(std::unique_ptr<policy::KeyedLimiter> limiter)
    : limiter_(std::move(limiter)), names_(1, nullptr), room_(8) {
  limiter_->reset(room_);
}

KeyIndex KeyTable::find(std::string_view key) const {
  const auto found = indexes_.find(key);
  return found == indexes_.end() ? none : found->second;
}

KeyIndex KeyTable::add(std::string_view key) {
  KeyIndex index = static_cast<KeyIndex>(names_.size());
  if (free_.empty()) {
    names_.push_back(nullptr);
    if (names_.size() > room_) limiter_->grow(room_ *= 2);
  } else {
    index = free_.back();
    free_.pop_back();
    limiter_->copy_state(none, index);
  }
  names_[index] = &indexes_.emplace(key, index).first->first;
  return index;
}

void KeyTable::forget(KeyIndex index) {
  // What the state owns elsewhere goes as well.
  limiter_->copy_state(none, index);
  indexes_.erase(*names_[index]);
  names_[index] = nullptr;
  free_.push_back(index);
}

std::size_t KeyTable::sweep(std::size_t looks, Instant now) {
  std::size_t gone = 0;
  for (looks = std::min(looks, names_.size()); looks > 0; --looks) {
    hand_ = hand_ + 1 < names_.size() ? hand_ + 1 : 0;
    if (names_[hand_] == nullptr) continue;
    const auto index = static_cast<KeyIndex>(hand_);
    if (!limiter_->is_as_new({.key = index, .now = now})) continue;
    forget(index);
    ++gone;
  }
  return gone;
}

void KeyTable::for_each(const std::function<void(const std::string& key, KeyIndex)>& visit) const {
  for (const auto& [key, index] : indexes_) visit(key, index);
}

}  // namespace weir::store
