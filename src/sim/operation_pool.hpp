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

/// An operation on its way: what is known of it beside its request.
struct Operation {
  enum class Stage : std::uint8_t { deciding, held_back, queued, served };

  /// When it was due, and when its current attempt was.
  Instant due;
  Instant attempt_due;
  std::int64_t attempt = 1;
  /// How long it waited before this attempt, and the instant it had been told to wait for.
  Duration waited;
  Instant promised = Instant::min();
  /// Of the current attempt, once admitted: when; how long a limiter holds it back; when it came to
  /// the back end; when it is served; when its client leaves.
  Instant admitted;
  Duration delay;
  Instant entered;
  Instant started;
  Instant leaves = Instant::max();
  /// How much of the service is done when it ends, if its client leaves in the middle.
  Duration service;
  Stage stage = Stage::deciding;
  /// It ends because its client leaves.
  bool left = false;
  /// Its limiter's delay is not over.
  bool delayed = false;
  /// In how many limiters' waiting lines it stands.
  std::uint32_t lines = 0;
};

/// The operations that may come back, in slots that are used again: a request each, as the row of a
/// block, and what they hold.
class OperationPool {
 public:
  explicit OperationPool(const Columns& columns) : block_(traffic::empty_block(columns)) {}

  /// Copies a request from a block.
  std::uint32_t add(const RequestBlock& from, std::size_t row, const Operation& operation) {
    const std::uint32_t slot = take_slot();
    block_.at[slot] = from.at[row];
    block_.operation[slot] = from.operation[row];
    block_.traffic_class[slot] = from.traffic_class[row];
    for (std::size_t a = 0; a < block_.attributes.size(); ++a) {
      block_.attributes[a][slot] = from.attributes[a][row];
    }
    for (std::size_t c = 0; c < block_.costs.size(); ++c) {
      block_.costs[c][slot] = from.costs[c][row];
    }
    operations_[slot] = operation;
    return slot;
  }

  void release(std::uint32_t slot) {
    ++generations_[slot];
    holds_[slot].clear();
    free_.push_back(slot);
  }

  Ticket ticket(std::uint32_t slot) const { return {slot, generations_[slot]}; }
  bool is_current(Ticket ticket) const { return generations_[ticket.slot] == ticket.generation; }
  /// Makes tickets that were given out stale, though the operation stays.
  void outdate(std::uint32_t slot) { ++generations_[slot]; }

  /// The requests; row and slot are the same.
  RequestBlock& block() { return block_; }
  Operation& operator[](std::uint32_t slot) { return operations_[slot]; }
  std::vector<Hold>& holds(std::uint32_t slot) { return holds_[slot]; }
  std::size_t live() const { return operations_.size() - free_.size(); }

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
  std::uint32_t take_slot() {
    if (!free_.empty()) {
      const std::uint32_t slot = free_.back();
      free_.pop_back();
      return slot;
    }
    const auto slot = static_cast<std::uint32_t>(operations_.size());
    operations_.emplace_back();
    generations_.push_back(0);
    holds_.emplace_back();
    block_.at.emplace_back();
    block_.operation.push_back(0);
    block_.traffic_class.push_back(0);
    for (auto& column : block_.attributes) column.push_back(0);
    for (auto& column : block_.costs) column.push_back(0);
    return slot;
  }

  RequestBlock block_;
  std::vector<Operation> operations_;
  std::vector<std::uint32_t> generations_;
  std::vector<std::vector<Hold>> holds_;
  std::vector<std::uint32_t> free_;
};

}  // namespace weir::sim
