#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <unordered_map>
#include <vector>

#include "core/time.hpp"

namespace weir::metrics {

/// What one limit did to each of its keys: how often it met them, how often it denied them, and for
/// how long at a stretch. 8 bytes a key, and 32 more for a key that was ever denied.
class KeyLedger {
 public:
  explicit KeyLedger(std::size_t keys) : keys_(keys) {}
  void grow(std::size_t keys) {
    if (keys > keys_.size()) keys_.resize(keys);
  }

  /// The limit's own verdict on a request of that key; times of one key never go back.
  void record(std::uint32_t key, Instant at, bool allowed) {
    Key& k = keys_[key];
    if (++k.met == 0) ++carries_[key];
    if (allowed) {
      if (k.denial != 0) denials_[k.denial - 1].blocked_since = not_blocked;
      return;
    }
    if (k.denial == 0) k.denial = add_denial(key);
    Denial& denial = denials_[k.denial - 1];
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
  std::size_t size() const { return keys_.size(); }
  /// Those denied most, `kept` or, where several were denied as often as the last of them, more:
  /// not every key needs a name.
  std::vector<Denial> most_denied(std::size_t kept) const {
    if (denials_.size() <= kept) return denials_;
    std::vector<std::uint64_t> counts;
    for (const Denial& d : denials_) counts.push_back(d.denied);
    const auto last = counts.begin() + static_cast<std::ptrdiff_t>(kept) - 1;
    std::nth_element(counts.begin(), last, counts.end(), std::greater<>());
    std::vector<Denial> most;
    std::copy_if(denials_.begin(), denials_.end(), std::back_inserter(most),
                 [least = *last](const Denial& d) { return d.denied >= least; });
    return most;
  }

  /// How many requests the limit met of a key, and how many of them it denied.
  std::uint64_t met(std::uint32_t key) const {
    const auto carry = carries_.find(key);
    const std::uint64_t high = carry == carries_.end() ? 0 : carry->second;
    return (high << 32) + keys_[key].met;
  }
  std::uint64_t denied(std::uint32_t key) const {
    return keys_[key].denial == 0 ? 0 : denials_[keys_[key].denial - 1].denied;
  }

 private:
  static constexpr std::int64_t not_blocked = INT64_MIN;

  struct Key {
    std::uint32_t met = 0;
    /// 1 more than an index into denials_; 0: never denied.
    std::uint32_t denial = 0;
  };

  std::uint32_t add_denial(std::uint32_t key) {
    denials_.push_back({.key = key});
    return static_cast<std::uint32_t>(denials_.size());
  }

  std::vector<Key> keys_;
  std::vector<Denial> denials_;
  /// What `met` does not hold of a key: multiples of 2^32.
  std::unordered_map<std::uint32_t, std::uint64_t> carries_;
};

}  // namespace weir::metrics
