#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "limiter/limiter.hpp"

namespace weir::limiter {

/// Costs in the order in which they came, each at a position (an instant, or the number of a
/// segment) that never goes back. Sums of the newest ones are found in logarithmic time; costs at
/// one position share an entry of 16 bytes.
class CostLog {
 public:
  bool started() const { return !entries_.empty(); }

  /// Makes the log empty; positions are counted from `origin`, whatever that means to the owner.
  void start(std::int64_t origin) { entries_.assign(1, Entry{.position = origin, .sum = 0}); }
  std::int64_t origin() const { return entries_[0].position; }

  /// The sum of the costs at positions after `expired`.
  std::int64_t sum_after(std::int64_t expired) const {
    return started() ? sum_behind(first_after(expired) - 1) : 0;
  }

  /// The position through which costs after `expired` have to go for at most `room` to be left;
  /// none if no more is there already.
  std::optional<std::int64_t> position_leaving(std::int64_t expired, std::int64_t room) const {
    const std::size_t first = started() ? first_after(expired) : 0;
    if (first == 0 || sum_behind(first - 1) <= room) return std::nullopt;
    const auto last_to_go = std::partition_point(
        entries_.begin() + static_cast<std::ptrdiff_t>(first), entries_.end(),
        [this, room](const Entry& e) { return difference(entries_.back(), e) > room; });
    return last_to_go->position;
  }

  /// The newest position, which must exist.
  std::int64_t newest() const { return entries_.back().position; }

  /// Adds a cost at a position not before the newest one; costs at positions through `expired` may
  /// be forgotten. A log that was not started has its origin at 0.
  void add(std::int64_t position, Cost cost, std::int64_t expired) {
    if (!started()) start(0);
    const std::uint64_t sum = entries_.back().sum + static_cast<std::uint64_t>(cost);
    if (entries_.size() > 1 && newest() == position) {
      entries_.back().sum = sum;
      return;
    }
    if (entries_.size() == entries_.capacity()) reclaim(expired);
    entries_.push_back({.position = position, .sum = sum});
  }

  /// Takes back as much of what the log has at that position.
  void take_back(std::int64_t position, Cost cost) {
    if (!started()) return;
    const std::size_t at = first_after(position) - 1;
    if (at == 0 || entries_[at].position != position) return;
    const auto taken =
        static_cast<std::uint64_t>(std::min(cost, difference(entries_[at], entries_[at - 1])));
    for (std::size_t i = at; i < entries_.size(); ++i) entries_[i].sum -= taken;
    // The newest position is one where something counts.
    while (entries_.size() > 1 && sum_behind(entries_.size() - 2) == 0) entries_.pop_back();
  }

  /// Forgets the oldest costs after `expired` as long as those behind them sum to `enough` or more.
  void forget_covered(std::int64_t expired, std::int64_t enough) {
    for (std::size_t i = first_after(expired); i < entries_.size() && sum_behind(i) >= enough;
         ++i) {
      entries_[i].position = forgotten;
    }
  }

  bool operator==(const CostLog&) const = default;

  std::size_t owned_bytes() const { return entries_.capacity() * sizeof(Entry); }

 private:
  /// The first entry holds the origin and the sum of all that was forgotten.
  struct Entry {
    std::int64_t position;
    /// Of this cost and all before it, modulo 2^64: only differences have a meaning.
    std::uint64_t sum;

    bool operator==(const Entry&) const = default;
  };

  static constexpr std::int64_t forgotten = std::numeric_limits<std::int64_t>::min();

  static std::int64_t difference(const Entry& later, const Entry& earlier) {
    return static_cast<std::int64_t>(later.sum - earlier.sum);
  }

  std::int64_t sum_behind(std::size_t i) const { return difference(entries_.back(), entries_[i]); }

  std::size_t first_after(std::int64_t expired) const {
    const auto first =
        std::partition_point(entries_.begin() + 1, entries_.end(),
                             [expired](const Entry& e) { return e.position <= expired; });
    return static_cast<std::size_t>(first - entries_.begin());
  }

  /// Instead of growing, where that frees enough to be worth moving the rest.
  void reclaim(std::int64_t expired) {
    const std::size_t dead = first_after(expired) - 1;
    if (dead * 4 < entries_.size()) return;
    entries_[0].sum = entries_[dead].sum;
    const auto begin = entries_.begin() + 1;
    entries_.erase(begin, begin + static_cast<std::ptrdiff_t>(dead));
  }

  std::vector<Entry> entries_;
};

}  // namespace weir::limiter
