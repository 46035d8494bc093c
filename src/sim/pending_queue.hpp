#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace weir::sim {

/// What is pending, by a 64-bit due time: a hierarchical timing wheel (Varghese and Lauck, 1987)
/// of eleven levels of 64 slots. What falls due at one time leaves in the order in which it came
/// in. Memory is that of what is pending. Time does not go back, but for its last six bits: nothing
/// may be added that is due in an earlier turn, of 64, than what left last or is due just before
/// the last limit.
template <class Item>
class PendingQueue {
 public:
  struct Entry {
    std::uint64_t due = 0;
    Item item;
  };

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  void push(std::uint64_t due, Item item) {
    ++size_;
    place({std::max(due, begin_of(0, 0)), item});
  }

  /// Takes out the first of what is due before `limit`, if anything is; shows `approach` what will
  /// be due soon.
  template <class Approach>
  bool pop_before(std::uint64_t limit, Entry& first_due, const Approach& approach) {
    while (levels_ != 0) {
      const auto level = static_cast<unsigned>(std::countr_zero(levels_));
      const auto slot = static_cast<unsigned>(std::countr_zero(occupied_[level]));
      if (begin_of(level, slot) >= limit) return false;
      Slot& first = slots_[level][slot];
      if (level == 0 || first.entries.size() == 1) {
        first_due = first.entries[first.taken];
        if (first_due.due >= limit) return false;
        now_ = first_due.due;
        --size_;
        if (++first.taken == first.entries.size()) vacate(level, slot);
        return true;
      }
      cascade(level, slot, approach);
    }
    return false;
  }
  std::optional<Entry> pop_before(std::uint64_t limit) {
    Entry entry;
    if (!pop_before(limit, entry, [](const Item&) {})) return std::nullopt;
    return entry;
  }

 private:
  static constexpr unsigned bits = 6;
  static constexpr unsigned level_count = 11;
  /// Slots that were large once give their memory back.
  static constexpr std::size_t kept_capacity = 1024;

  struct Slot {
    std::vector<Entry> entries;
    /// How many at the front are gone.
    std::size_t taken = 0;
  };

  /// The level is that of the highest digit, of six bits, in which the time differs from now.
  void place(const Entry& entry) {
    const std::uint64_t differs = entry.due ^ now_;
    const unsigned level =
        differs == 0 ? 0 : static_cast<unsigned>(63 - std::countl_zero(differs)) / bits;
    const auto slot = static_cast<unsigned>(entry.due >> (bits * level)) & 63U;
    slots_[level][slot].entries.push_back(entry);
    occupied_[level] |= std::uint64_t{1} << slot;
    levels_ |= 1U << level;
  }

  /// Entries of a slot agree with now in every digit above the slot's level.
  std::uint64_t begin_of(unsigned level, unsigned slot) const {
    const unsigned above = bits * (level + 1);
    const std::uint64_t prefix = above >= 64 ? 0 : (now_ >> above) << above;
    return prefix | (std::uint64_t{slot} << (bits * level));
  }

  /// Time enters a slot: what is in it moves to lower levels, in order.
  template <class Approach>
  void cascade(unsigned level, unsigned slot, const Approach& approach) {
    now_ = begin_of(level, slot);
    moving_.swap(slots_[level][slot].entries);
    vacate(level, slot);
    for (const Entry& entry : moving_) {
      approach(entry.item);
      place(entry);
    }
    moving_.clear();
    if (moving_.capacity() > kept_capacity) std::vector<Entry>().swap(moving_);
  }

  void vacate(unsigned level, unsigned slot) {
    Slot& s = slots_[level][slot];
    s.taken = 0;
    s.entries.clear();
    if (s.entries.capacity() > kept_capacity) std::vector<Entry>().swap(s.entries);
    occupied_[level] &= ~(std::uint64_t{1} << slot);
    if (occupied_[level] == 0) levels_ &= ~(1U << level);
  }

  std::array<std::array<Slot, 64>, level_count> slots_;
  std::array<std::uint64_t, level_count> occupied_ = {};
  /// Which levels hold anything.
  std::uint32_t levels_ = 0;
  std::uint64_t now_ = 0;
  std::size_t size_ = 0;
  std::vector<Entry> moving_;
};

}  // namespace weir::sim
