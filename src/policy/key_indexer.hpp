#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/columns.hpp"
#include "policy/keyed_limiter.hpp"

namespace weir::policy {

/// Numbers pairs of numbers densely in order of first appearance: an open-addressing hash table.
class PairInterner {
 public:
  std::uint32_t intern(std::uint32_t first, std::uint32_t second);
  std::pair<std::uint32_t, std::uint32_t> pair(std::uint32_t index) const { return pairs_[index]; }
  std::size_t size() const { return pairs_.size(); }

 private:
  void rehash();

  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs_;
  // Index + 1 into pairs_, 0 where free; the size is a power of two.
  std::vector<std::uint32_t> slots_;
};

/// Turns the attribute values that make a limit's key into a dense index: by place value where the
/// combinations are few (or the attribute is one), else numbered as they come.
class KeyIndexer {
 public:
  /// The values that can come up in each of the key's columns: ids from first to before second.
  using Range = std::pair<ValueId, ValueId>;
  KeyIndexer(std::vector<std::size_t> key_columns, std::vector<Range> ranges);

  /// The index of every row of a block, written to `out`.
  void index(const RequestBlock& block, KeyIndex* out);
  KeyIndex index_row(const RequestBlock& block, std::size_t row) {
    if (!interners_.empty()) return intern_row(block, row);
    KeyIndex index = 0;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      index += (block.attributes[columns_[c]][row] - ranges_[c].first) * strides_[c];
    }
    return index;
  }

  /// Indexes handed out so far, or that can be, are below this.
  std::size_t size() const;
  /// The values of the first `named` columns joined by "|"; empty if there are none.
  std::string name(KeyIndex key, const Columns& columns, std::size_t named) const;

 private:
  KeyIndex intern_row(const RequestBlock& block, std::size_t row);

  static constexpr std::uint64_t most_placed = std::uint64_t{1} << 20;

  std::vector<std::size_t> columns_;
  std::vector<Range> ranges_;
  // By place value: what one step of each column's value adds.
  std::vector<std::uint32_t> strides_;
  std::uint64_t placed_ = 1;
  // Numbered as they come: pairs of (number of the columns before, value), one for each column
  // after the first.
  std::vector<PairInterner> interners_;
};

}  // namespace weir::policy
