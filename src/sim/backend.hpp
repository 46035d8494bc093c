#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/random.hpp"
#include "metrics/accumulator.hpp"
#include "sim/operation_pool.hpp"
#include "traffic/plan.hpp"
#include "traffic/spec.hpp"

namespace weir::sim {

/// How long it takes to answer one request, and how long until its first token where it has tokens.
struct ServiceTime {
  Duration total;
  Duration first_token;
};

/// Draws service times: a pure function of the operation, so that every policy meets the same.
class ServiceTimes {
 public:
  ServiceTimes(const traffic::BackendSpec& spec, const traffic::Plan& plan);

  ServiceTime of(const RequestBlock& block, std::size_t row) const;
  /// What of a cost is due when the answer is broken off after `served`: all of it, but of the cost
  /// that counts tokens only those that had been generated.
  std::int64_t cost_after(std::int64_t cost, std::size_t column, const ServiceTime& time,
                          Duration served) const;

 private:
  const traffic::BackendSpec& spec_;
  /// The column of the cost that counts tokens.
  std::optional<std::size_t> tokens_;
  struct Streams {
    RandomStream latency, first_token, per_token;
  };
  std::vector<Streams> streams_;
};

/// The slots of a back end and the line of those that wait for one, first come, first served.
class BackendSlots {
 public:
  explicit BackendSlots(const traffic::BackendSpec& spec) : spec_(spec) {}

  bool has_free_slot() const { return !spec_.slots || running_ < count(*spec_.slots); }
  bool has_room_in_line() const { return !spec_.queue || waiting_ < count(*spec_.queue); }

  void start() { ++running_; }
  void end() { --running_; }
  void wait(Ticket ticket) {
    line_.push_back(ticket);
    ++waiting_;
  }
  /// One of those waiting has gone; its ticket is stale by now.
  void leave_line() { --waiting_; }
  /// The first of those that still wait.
  std::optional<std::uint32_t> next_in_line(const OperationPool& pool);

  std::uint64_t running() const { return running_; }
  std::uint64_t waiting() const { return waiting_; }
  bool is_limited() const { return spec_.slots.has_value(); }

 private:
  static std::uint64_t count(std::int64_t n) { return static_cast<std::uint64_t>(n); }

  const traffic::BackendSpec& spec_;
  std::uint64_t running_ = 0;
  std::uint64_t waiting_ = 0;
  std::deque<Ticket> line_;
};

}  // namespace weir::sim
