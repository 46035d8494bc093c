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
  static constexpr std::size_t most = 100'000;

  /// Null if it was not admitted, or too long ago.
  const Said* find(const std::string& id, Instant now) const;
  void add(const std::string& id, const Said& said, Instant now, Duration ttl);

 private:
  struct Entry {
    Said said;
    Instant until;
  };

  std::unordered_map<std::string, Entry> entries_;
  /// In the order in which they came, which is that in which they expire.
  std::deque<std::string> order_;
};

}  // namespace weir::store
