#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/int128.hpp"
#include "core/time.hpp"
#include "metrics/accumulator.hpp"

namespace weir::metrics {

/// The exact sliding window beside a limiter: remembers, key by key, what the limiter admitted
/// within the last window, and compares each of its decisions with what that leaves room for. A
/// request exactly one window old no longer counts.
class WindowShadow {
 public:
  void grow(std::size_t keys) {
    if (keys > keys_.size()) keys_.resize(keys);
  }

  /// The limiter's own verdict on a request, and whether it was charged for it (another limit may
  /// have denied).
  void decided(std::uint32_t key, Instant now, std::int64_t cost, std::int64_t limit,
               Duration window, bool allowed, bool charged, bool counts, LimitTotals& totals) {
    Key& k = keys_[key];
    k.forget_until(now - window);
    if (counts) {
      const bool has_room = cost == 0 || cost <= limit - k.sum;
      ++totals.compared;
      totals.false_allows += allowed && !has_room ? 1 : 0;
      totals.false_denials += !allowed && has_room ? 1 : 0;
    }
    if (charged) k.admit(now, cost, counts, totals);
  }

  /// What was admitted at `charged_at` for `charged` has cost `actual`: less is taken back where it
  /// stands, what it has cost beyond that comes now.
  void settled(std::uint32_t key, Instant charged_at, Instant now, std::int64_t charged,
               std::int64_t actual, Duration window, bool counts, LimitTotals& totals) {
    Key& k = keys_[key];
    k.forget_until(now - window);
    if (actual < charged) k.take_back(charged_at, charged - actual);
    if (actual > charged) k.admit(now, actual - charged, counts, totals);
  }

 private:
  struct Admission {
    Instant at;
    std::int64_t cost;
  };
  struct Key {
    std::vector<Admission> admitted;
    /// How many at the front are forgotten.
    std::size_t gone = 0;
    Int128 sum = 0;

    void admit(Instant at, std::int64_t cost, bool counts, LimitTotals& totals) {
      if (cost == 0) return;
      admitted.push_back({at, cost});
      sum += cost;
      if (!counts) return;
      constexpr Int128 most = std::numeric_limits<std::int64_t>::max();
      const auto in_window = static_cast<std::int64_t>(std::min(sum, most));
      totals.peak_in_window = std::max(totals.peak_in_window, in_window);
    }

    /// Of what was admitted at that instant, if it is remembered.
    void take_back(Instant at, std::int64_t cost) {
      auto admission =
          std::lower_bound(admitted.begin() + static_cast<std::ptrdiff_t>(gone), admitted.end(), at,
                           [](const Admission& a, Instant instant) { return a.at < instant; });
      for (; admission != admitted.end() && admission->at == at && cost > 0; ++admission) {
        const std::int64_t taken = std::min(cost, admission->cost);
        admission->cost -= taken;
        sum -= taken;
        cost -= taken;
      }
    }

    void forget_until(Instant last) {
      while (gone < admitted.size() && admitted[gone].at <= last) sum -= admitted[gone++].cost;
      if (2 * gone <= admitted.size()) return;
      admitted.erase(admitted.begin(), admitted.begin() + static_cast<std::ptrdiff_t>(gone));
      gone = 0;
    }
  };
  std::vector<Key> keys_;
};

}  // namespace weir::metrics
