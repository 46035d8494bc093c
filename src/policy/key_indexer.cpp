#include "policy/key_indexer.hpp"

#include <algorithm>

#include "core/random.hpp"

namespace weir::policy {

std::uint32_t PairInterner::intern(std::uint32_t first, std::uint32_t second) {
  if (2 * (pairs_.size() + 1) > slots_.size()) rehash();
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = mix64((std::uint64_t{first} << 32) | second) & mask;
  while (slots_[slot] != 0) {
    if (pairs_[slots_[slot] - 1] == std::pair(first, second)) return slots_[slot] - 1;
    slot = (slot + 1) & mask;
  }
  pairs_.emplace_back(first, second);
  slots_[slot] = static_cast<std::uint32_t>(pairs_.size());
  return slots_[slot] - 1;
}

void PairInterner::rehash() {
  const std::size_t size = std::max<std::size_t>(64, 2 * slots_.size());
  slots_.assign(size, 0);
  for (std::uint32_t i = 0; i < pairs_.size(); ++i) {
    std::size_t slot =
        mix64((std::uint64_t{pairs_[i].first} << 32) | pairs_[i].second) & (size - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (size - 1);
    slots_[slot] = i + 1;
  }
}

KeyIndexer::KeyIndexer(std::vector<std::size_t> key_columns, std::vector<Range> ranges)
    : columns_(std::move(key_columns)), ranges_(std::move(ranges)) {
  bool fits = true;
  for (const Range& range : ranges_) {
    strides_.push_back(static_cast<std::uint32_t>(placed_));
    placed_ *= std::max<std::uint64_t>(range.second - range.first, 1);
    fits = fits && (placed_ <= most_placed || ranges_.size() == 1);
    if (!fits) break;
  }
  if (!fits) interners_.resize(columns_.size() - 1);
}

std::size_t KeyIndexer::size() const {
  return interners_.empty() ? static_cast<std::size_t>(placed_) : interners_.back().size();
}

void KeyIndexer::index(const RequestBlock& block, KeyIndex* out) {
  if (!interners_.empty()) {
    for (std::size_t i = 0; i < block.size(); ++i) out[i] = index_row(block, i);
    return;
  }
  std::fill(out, out + block.size(), 0);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const ValueId* const values = block.attributes[columns_[c]].data();
    const ValueId first = ranges_[c].first;
    const std::uint32_t stride = strides_[c];
    for (std::size_t i = 0; i < block.size(); ++i) out[i] += (values[i] - first) * stride;
  }
}

KeyIndex KeyIndexer::intern_row(const RequestBlock& block, std::size_t row) {
  KeyIndex index = block.attributes[columns_[0]][row];
  for (std::size_t c = 1; c < columns_.size(); ++c) {
    index = interners_[c - 1].intern(index, block.attributes[columns_[c]][row]);
  }
  return index;
}

std::string KeyIndexer::name(KeyIndex key, const Columns& columns, std::size_t named) const {
  std::vector<ValueId> values(columns_.size());
  for (std::size_t c = columns_.size(); c-- > 0;) {
    if (interners_.empty()) {
      values[c] = ranges_[c].first + key / strides_[c];
      key %= strides_[c];
    } else if (c == 0) {
      values[0] = key;
    } else {
      const auto [before, value] = interners_[c - 1].pair(key);
      values[c] = value;
      key = before;
    }
  }
  std::string text;
  for (std::size_t c = 0; c < named; ++c) {
    if (c > 0) text += '|';
    text += columns.dictionaries[columns_[c]].name(values[c]);
  }
  return text;
}

}  // namespace weir::policy
