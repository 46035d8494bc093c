#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/request.hpp"
#include "policy/keyed_limiter.hpp"
#include "traffic/stream.hpp"

namespace weir::load {

/// One attempt on its way, and what is known of the operation that it belongs to.
struct Flight {
  /// What it sends the request for.
  enum class Purpose : std::uint8_t { load, audit };

  /// The operation's request, as a block of one row.
  RequestBlock request;
  Purpose purpose = Purpose::load;
  /// When the operation and when this attempt was due, and when it was handed to a connection.
  Instant operation_due;
  Instant due;
  Instant sent;
  /// When its client, which had been waiting, was free to send it.
  Instant let_go = Instant::min();
  std::uint32_t attempt = 1;
  /// How long it was waited for, and the instant that the client had been told to wait for.
  Duration waited;
  Instant promised = Instant::min();
  /// When the denial came that promised it.
  Instant denied_at = Instant::min();
  policy::KeyIndex key = 0;
  /// Of the audit: which of its own keys, and how that key is called.
  std::uint32_t own_key = 0;
  std::string key_name;
  /// Another request of its key was on its way when the promise was made.
  bool contested = false;

  Instant sendable() const { return std::max(due, let_go); }
};

/// Flights by number; numbers, and the memory of what was, are used again.
class FlightPool {
 public:
  explicit FlightPool(const Columns& columns) : empty_(traffic::empty_block(columns)) {}

  std::uint32_t add(const RequestBlock& from, std::size_t row) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(flights_.size()));
      flights_.emplace_back().request = empty_;
    }
    const std::uint32_t id = free_.back();
    free_.pop_back();
    Flight& flight = flights_[id];
    RequestBlock request = std::move(flight.request);
    std::string name = std::move(flight.key_name);
    name.clear();
    flight = Flight();
    flight.request = std::move(request);
    flight.key_name = std::move(name);
    copy_row(from, row, flight.request);
    return id;
  }
  void release(std::uint32_t id) { free_.push_back(id); }

  Flight& operator[](std::uint32_t id) { return flights_[id]; }
  std::size_t live() const { return flights_.size() - free_.size(); }

 private:
  static void copy_row(const RequestBlock& from, std::size_t row, RequestBlock& to) {
    to.at.assign(1, from.at[row]);
    to.operation.assign(1, from.operation[row]);
    to.traffic_class.assign(1, from.traffic_class[row]);
    for (std::size_t a = 0; a < from.attributes.size(); ++a) {
      to.attributes[a].assign(1, from.attributes[a][row]);
    }
    for (std::size_t c = 0; c < from.costs.size(); ++c) {
      to.costs[c].assign(1, from.costs[c][row]);
    }
  }

  RequestBlock empty_;
  std::deque<Flight> flights_;
  std::vector<std::uint32_t> free_;
};

}  // namespace weir::load
