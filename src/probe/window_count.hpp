#pragma once

#include <cstdint>
#include <vector>

#include "probe/history.hpp"
#include "probe/sorted_instants.hpp"

namespace weir::probe {

/// Counts a key's requests in spans of time, as far as that is known from outside.
class WindowCount {
 public:
  /// Of those admitted, or of all.
  WindowCount(const History& history, bool count_denied);

  /// How many were surely decided from `begin` on and by `end`: at least.
  std::int64_t surely(std::int64_t begin, std::int64_t end) const;
  /// How many of those came before an admission that is among them. Of admissions that were under
  /// way together one is the last, with all others before it: that may be this one.
  std::int64_t surely_before(const Event& admission, std::int64_t begin, std::int64_t end) const;
  /// How many may have been decided from `begin` on and by `end`.
  std::int64_t maybe(std::int64_t begin, std::int64_t end) const;
  /// Whether the event is counted among those that maybe() counts.
  bool counts(const Event& event) const { return count_denied_ || event.may_be_admitted(); }

 private:
  /// The instants of requests, each sorted for itself.
  struct Times {
    SortedInstants sent, decided;
    std::int64_t within(std::int64_t begin, std::int64_t end) const;
  };

  bool count_denied_;
  Times admitted_, denied_, maybe_;
};

}  // namespace weir::probe
