#pragma once

#include <deque>
#include <string>
#include <unordered_map>

#include "core/time.hpp"
#include "store/store.hpp"

namespace weir::store {

/// What was said to requests that were admitted under an id of their client's, for a while.
class AdmittedIds {
 public:
  /// So many at most; the oldest go first.
  explicit AdmittedIds(std::size_t most) : most_(most) {}

  /// Null if it was not admitted, or too long ago.
  const Said* find(const std::string& id, Instant now) const;
  void add(const std::string& id, const Said& said, Instant now, Duration ttl);

 private:
  struct Entry {
    Said said;
    Instant until;
  };

  std::size_t most_;
  std::unordered_map<std::string, Entry> entries_;
  /// Keys of these, in the order in which they came, which is that in which they expire.
  std::deque<const std::string*> order_;
};

}  // namespace weir::store
