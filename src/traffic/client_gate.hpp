#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace weir::traffic {

/// Clients that send nothing while they wait to try operations again: how many each waits for, and
/// which others have gathered behind it. 12 bytes a client, and 4 for each slot.
class ClientGate {
 public:
  explicit ClientGate(std::size_t clients) : clients_(clients) {}

  bool is_closed(std::uint32_t client) const { return clients_[client].waits > 0; }
  void begin_wait(std::uint32_t client) { ++clients_[client].waits; }
  void end_wait(std::uint32_t client) { --clients_[client].waits; }

  void append(std::uint32_t client, std::uint32_t slot) {
    if (slot >= next_.size()) next_.resize(slot + std::size_t{1}, none);
    next_[slot] = none;
    Client& c = clients_[client];
    if (c.first == none) {
      c.first = slot;
    } else {
      next_[c.last] = slot;
    }
    c.last = slot;
  }

  std::optional<std::uint32_t> take_first(std::uint32_t client) {
    Client& c = clients_[client];
    if (c.first == none) return std::nullopt;
    const std::uint32_t slot = c.first;
    c.first = next_[slot];
    return slot;
  }

  /// Hands out all that have gathered, whichever client they are behind.
  template <class Take>
  void take_all(Take take) {
    for (std::uint32_t client = 0; client < clients_.size(); ++client) {
      while (const auto slot = take_first(client)) take(*slot);
    }
  }

 private:
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  struct Client {
    std::uint32_t first = none;
    std::uint32_t last = none;
    std::uint32_t waits = 0;
  };
  std::vector<Client> clients_;
  std::vector<std::uint32_t> next_;
};

}  // namespace weir::traffic
