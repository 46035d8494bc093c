#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/request.hpp"

namespace weir {

/// The values of one attribute as dense ids, from 0 in the order in which they came. Generated
/// values ("user-0", "user-1", ... of attribute `user`) come first and cost no memory. It holds
/// fewer than 2^32 values.
class Dictionary {
 public:
  explicit Dictionary(std::string attribute) : attribute_(std::move(attribute)) {}
  Dictionary(Dictionary&&) = default;
  Dictionary& operator=(Dictionary&&) = default;

  /// Makes room for generated values with ids 0 to count - 1; of several calls the largest counts.
  /// Only before the first intern().
  void reserve_generated(std::int64_t count);

  /// The value's id, a new one if it is not known. A text equal to a generated name has that
  /// value's id ("user-7"; but "user-007" is a text of its own).
  ValueId intern(std::string_view value);
  std::optional<ValueId> find(std::string_view value) const;
  /// The text of an id that was given out.
  std::string name(ValueId id) const;
  /// The same at the end of `out`, which takes no memory of its own.
  void append_name(ValueId id, std::string& out) const;
  /// Whether a class of traffic made it up, rather than the scenario or a trace.
  bool is_generated(ValueId id) const { return original(id) < generated_; }
  /// What the attribute is called.
  const std::string& attribute() const { return attribute_; }
  std::size_t size() const { return generated_ + texts_.size(); }

  /// Renumbers all values: new id i is old id order[i], `order` being a permutation of all ids.
  /// At most once, and after the last new value; it takes 8 bytes a value.
  void arrange(std::vector<ValueId> order);
  /// new_ids()[old id] is the new one; empty if arrange() was not called.
  const std::vector<ValueId>& new_ids() const { return new_ids_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  ValueId original(ValueId id) const { return order_.empty() ? id : order_[id]; }
  std::optional<ValueId> generated_id(std::string_view value) const;
  std::optional<ValueId> original_id(std::string_view value) const;

  std::string attribute_;
  std::size_t generated_ = 0;
  /// Values that are not generated, with the ids that they had at first.
  std::unordered_map<std::string, ValueId, Hash, std::equal_to<>> ids_;
  /// texts_[id - generated_] is a key of ids_, whose elements never move.
  std::vector<const std::string*> texts_;
  std::vector<ValueId> order_;
  std::vector<ValueId> new_ids_;
};

}  // namespace weir
