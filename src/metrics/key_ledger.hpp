#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace weir::metrics {

/// What one limit did to each of its keys: which it met, how often it denied them, and for how long
/// at a stretch. 4 bytes a key, and 32 more for a key that was ever denied.
class KeyLedger {
 public:
  explicit KeyLedger(std::size_t keys) : slots_(keys, 0) {}
  void grow(std::size_t keys) {
    if (keys > slots_.size()) slots_.resize(keys, 0);
  }

  /// The limit's own verdict on a request of that key; times of one key never go back.
  void record(std::uint32_t key, Instant at, bool allowed) {
    std::uint32_t& slot = slots_[key];
    if (allowed) {
      if (slot <= seen) {
        slot = seen;
      } else {
        denials_[slot - first_denial].blocked_since = not_blocked;
      }
      return;
    }
    if (slot <= seen) slot = add_denial(key);
    Denial& denial = denials_[slot - first_denial];
    ++denial.denied;
    if (denial.blocked_since == not_blocked) denial.blocked_since = at.unix_ns();
    denial.longest_ns = std::max(denial.longest_ns, at.unix_ns() - denial.blocked_since);
  }

  struct Denial {
    std::uint32_t key = 0;
    std::uint64_t denied = 0;
    std::int64_t blocked_since = not_blocked;
    /// From the first to the last of the denials that no admission came between.
    std::int64_t longest_ns = 0;
  };

  /// The keys denied at least once, in the order of their first denial.
  const std::vector<Denial>& denials() const { return denials_; }
  bool was_seen(std::uint32_t key) const { return slots_[key] != 0; }
  std::size_t size() const { return slots_.size(); }

 private:
  static constexpr std::uint32_t seen = 1;
  static constexpr std::uint32_t first_denial = 2;
  static constexpr std::int64_t not_blocked = INT64_MIN;

  std::uint32_t add_denial(std::uint32_t key) {
    denials_.push_back({.key = key});
    return static_cast<std::uint32_t>(denials_.size() - 1) + first_denial;
  }

  // 0: never met; 1: met, never denied; else 2 more than an index into denials_.
  std::vector<std::uint32_t> slots_;
  std::vector<Denial> denials_;
};

}  // namespace weir::metrics
