#pragma once

#include <cstdint>
#include <vector>

#include "probe/history.hpp"

namespace weir::probe {

/// Counts a key's requests in spans of time, as far as that is known from outside.
class WindowCount {
 public:
  /// Of those admitted, or of all.
  WindowCount(const History& history, bool count_denied);

  /// How many were surely decided from `begin` on and by `end`: at least.
  std::int64_t surely(std::int64_t begin, std::int64_t end) const;
  /// How many may have been decided from `begin` on and by `end`.
  std::int64_t maybe(std::int64_t begin, std::int64_t end) const;
  /// Whether the event is counted among those that maybe() counts.
  bool counts(const Event& event) const { return count_denied_ || event.may_be_admitted(); }

 private:
  bool count_denied_;
  std::vector<std::int64_t> sure_sent_, sure_decided_, maybe_sent_, maybe_decided_;
};

}  // namespace weir::probe
