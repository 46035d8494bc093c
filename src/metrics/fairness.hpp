#pragma once

#include <cstdint>
#include <vector>

#include "metrics/accumulator.hpp"

namespace weir::metrics {

/// Adds one key's share of operations that succeeded.
inline void add_share(FairnessTotals& totals, std::uint64_t offered, std::uint64_t succeeded) {
  if (offered == 0) return;
  constexpr std::uint64_t million = 1'000'000;
  const auto share = static_cast<std::uint64_t>(Uint128{succeeded} * million / offered);
  ++totals.keys;
  totals.shares += share;
  totals.squares += Uint128{share} * share;
}

/// How many operations each key began, and how many of them succeeded: 16 bytes a key.
class KeyTally {
 public:
  void grow(std::size_t keys) {
    if (keys > keys_.size()) keys_.resize(keys);
  }
  void offered(std::uint32_t key) { ++keys_[key].offered; }
  void succeeded(std::uint32_t key) { ++keys_[key].succeeded; }

  void add_to(FairnessTotals& totals) const {
    for (const Key& key : keys_) add_share(totals, key.offered, key.succeeded);
  }

 private:
  struct Key {
    std::uint64_t offered = 0;
    std::uint64_t succeeded = 0;
  };
  std::vector<Key> keys_;
};

}  // namespace weir::metrics
