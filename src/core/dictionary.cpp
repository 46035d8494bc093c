#include "core/dictionary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <system_error>
#include <utility>

namespace weir {

void Dictionary::reserve_generated(std::int64_t count) {
  assert(texts_.empty() && order_.empty());
  generated_ = std::max(generated_, static_cast<std::size_t>(std::max<std::int64_t>(count, 0)));
}

ValueId Dictionary::intern(std::string_view value) {
  if (const std::optional<ValueId> known = find(value)) return *known;
  assert(order_.empty());
  const auto id = static_cast<ValueId>(size());
  const auto [entry, added] = ids_.emplace(value, id);
  texts_.push_back(&entry->first);
  return id;
}

std::optional<ValueId> Dictionary::find(std::string_view value) const {
  const std::optional<ValueId> id = original_id(value);
  return id && !new_ids_.empty() ? new_ids_[*id] : id;
}

std::string Dictionary::name(ValueId id) const {
  std::string text;
  append_name(id, text);
  return text;
}

void Dictionary::append_name(ValueId id, std::string& out) const {
  const ValueId at_first = original(id);
  if (at_first >= generated_) {
    out += *texts_[at_first - generated_];
    return;
  }
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, at_first).ptr;
  out += attribute_;
  out += '-';
  out.append(digits, end);
}

void Dictionary::arrange(std::vector<ValueId> order) {
  assert(order_.empty() && order.size() == size());
  order_ = std::move(order);
  new_ids_.resize(order_.size());
  for (std::size_t i = 0; i < order_.size(); ++i) new_ids_[order_[i]] = static_cast<ValueId>(i);
}

std::optional<ValueId> Dictionary::original_id(std::string_view value) const {
  if (const std::optional<ValueId> id = generated_id(value)) return id;
  const auto found = ids_.find(value);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::optional<ValueId> Dictionary::generated_id(std::string_view value) const {
  if (!value.starts_with(attribute_)) return std::nullopt;
  value.remove_prefix(attribute_.size());
  if (value.size() < 2 || value.front() != '-') return std::nullopt;
  value.remove_prefix(1);
  if (value.front() == '0' && value.size() > 1) return std::nullopt;
  ValueId id = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), id);
  if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  if (id >= generated_) return std::nullopt;
  return id;
}

}  // namespace weir
