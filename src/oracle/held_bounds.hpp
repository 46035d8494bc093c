#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "oracle/observation.hpp"

namespace weir::oracle {

/// What one request does to a limit that holds what it admits until that has ended.
struct Holding {
  std::uint32_t number = 0;
  bool allowed = true;
  policy::Cost cost = 1;
  /// When it was decided, and when what it holds was free again, on the client's clock.
  TimeSpan decided = {};
  TimeSpan released = {};
};

/// How much the others of a key hold while a request is decided: surely, and perhaps.
struct HeldBounds {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

/// Of each of the key's requests, which are in the order in which they were sent.
std::vector<HeldBounds> held_when_decided(std::span<const Holding> requests);

}  // namespace weir::oracle
