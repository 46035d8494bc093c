#pragma once

#include <cstdint>
#include <vector>

#include "core/columns.hpp"
#include "core/request.hpp"
#include "sim/joint_decision.hpp"
#include "traffic/stream.hpp"

namespace weir::sim {

/// Which operation of a pool; stale once its place was given to another.
struct Ticket {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

/// Stands for the slot of an operation that has none.
inline constexpr std::uint32_t no_slot = UINT32_MAX;

/// An operation on its way: what is known of it beside its request.
struct Operation {
  Instant due;
  /// How long it waited before this attempt, and the instant it had been told to wait for.
  Duration waited;
  Instant promised = Instant::min();
  std::uint32_t attempt = 1;
  std::uint32_t generation = 0;
};

/// An admitted request on its way through limiters and back end.
struct Passage {
  enum class Stage : std::uint8_t { held_back, queued, served };

  /// When it was admitted; when it came to the back end; when it is served; when its client leaves.
  Instant admitted;
  Instant entered;
  Instant started;
  Instant leaves = Instant::max();
  Stage stage = Stage::held_back;
  /// It ends because its client leaves.
  bool left = false;
  /// It goes on at an instant that is scheduled, when a limiter's delay is over.
  bool release_pending = false;
  /// How many limiters let it wait.
  std::uint32_t lines = 0;
  /// Tells it from others that have been, or will be, in its place.
  std::uint32_t number = 0;
  std::vector<Hold> holds;
};

/// The operations that may come back, in slots that are used again. What is read at every attempt
/// lies close together: many are pending, and each is a cache miss.
class OperationPool {
 public:
  explicit OperationPool(const Columns& columns)
      : attributes_(columns.dictionaries.size()),
        stride_(fixed_words + attributes_ + 2 * columns.costs.size()),
        row_(traffic::empty_block(columns)) {
    row_.at.resize(1);
    row_.operation.resize(1);
    row_.traffic_class.resize(1);
    for (auto& column : row_.attributes) column.resize(1);
    for (auto& column : row_.costs) column.resize(1);
  }

  /// Copies a request from a block.
  std::uint32_t add(const RequestBlock& from, std::size_t row, const Operation& operation) {
    const std::uint32_t slot = take_slot();
    const std::uint32_t generation = operations_[slot].generation;
    operations_[slot] = operation;
    operations_[slot].generation = generation;
    std::uint32_t* word = &words_[slot * stride_];
    word = put(word, from.operation[row]);
    *word++ = from.traffic_class[row];
    for (const auto& column : from.attributes) *word++ = column[row];
    for (const auto& column : from.costs) {
      word = put(word, static_cast<std::uint64_t>(column[row]));
    }
    return slot;
  }

  /// The request of a slot as a block of one row, due at that instant; valid until the next call.
  const RequestBlock& load(std::uint32_t slot, Instant at) {
    const std::uint32_t* word = &words_[slot * stride_];
    row_.at[0] = at;
    row_.operation[0] = get(word);
    row_.traffic_class[0] = static_cast<std::uint16_t>(word[2]);
    word += fixed_words;
    for (auto& column : row_.attributes) column[0] = *word++;
    for (auto& column : row_.costs) {
      column[0] = static_cast<std::int64_t>(get(word));
      word += 2;
    }
    return row_;
  }
  std::uint16_t traffic_class(std::uint32_t slot) const {
    return static_cast<std::uint16_t>(words_[slot * stride_ + 2]);
  }

  void release(std::uint32_t slot) {
    ++operations_[slot].generation;
    free_.push_back(slot);
  }

  Ticket ticket(std::uint32_t slot) const { return {slot, operations_[slot].generation}; }
  bool is_current(Ticket ticket) const {
    return operations_[ticket.slot].generation == ticket.generation;
  }
  /// Makes tickets that were given out stale, though the operation stays.
  void outdate(std::uint32_t slot) { ++operations_[slot].generation; }

  Operation& operator[](std::uint32_t slot) { return operations_[slot]; }
  /// Of an operation whose request was admitted.
  Passage& passage(std::uint32_t slot) {
    if (slot >= passages_.size()) passages_.resize(operations_.size());
    return passages_[slot];
  }

  /// Fetches what an attempt reads; any number will do.
  void prefetch(std::uint32_t slot) const {
    __builtin_prefetch(operations_.data() + slot);
    __builtin_prefetch(words_.data() + slot * stride_);
  }

  /// Shows each live slot.
  template <class Visit>
  void for_each_live(const Visit& visit) const {
    std::vector<bool> is_free(operations_.size());
    for (const std::uint32_t slot : free_) is_free[slot] = true;
    for (std::uint32_t slot = 0; slot < is_free.size(); ++slot) {
      if (!is_free[slot]) visit(slot);
    }
  }

 private:
  /// The operation's number, and its class.
  static constexpr std::size_t fixed_words = 3;

  static std::uint32_t* put(std::uint32_t* word, std::uint64_t value) {
    *word++ = static_cast<std::uint32_t>(value);
    *word++ = static_cast<std::uint32_t>(value >> 32);
    return word;
  }
  static std::uint64_t get(const std::uint32_t* word) {
    return word[0] | std::uint64_t{word[1]} << 32;
  }

  std::uint32_t take_slot() {
    if (!free_.empty()) {
      const std::uint32_t slot = free_.back();
      free_.pop_back();
      return slot;
    }
    operations_.emplace_back();
    words_.resize(words_.size() + stride_);
    return static_cast<std::uint32_t>(operations_.size() - 1);
  }

  std::size_t attributes_;
  /// How many 32-bit words a request takes.
  std::size_t stride_;
  RequestBlock row_;
  std::vector<Operation> operations_;
  std::vector<std::uint32_t> words_;
  std::vector<Passage> passages_;
  std::vector<std::uint32_t> free_;
};

}  // namespace weir::sim
