#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/int128.hpp"
#include "core/time.hpp"
#include "traffic/spec.hpp"

namespace weir::traffic {

/// What one client of the adaptive throttle remembers: its requests and those that were accepted,
/// over the last window, in ten slots of time of which the oldest is forgotten as a new one begins.
/// Times never go back.
class AdaptiveThrottleState {
 public:
  explicit AdaptiveThrottleState(const AdaptiveThrottle& throttle)
      : k_(throttle.k), slot_ns_(ceil_div(throttle.window.ns(), std::int64_t{slots})) {}

  /// How likely the client is to refuse a request by itself. One that it refuses is a request, too.
  double refusal_probability(Instant now) const {
    const Counts total = counted(now);
    const auto requests = static_cast<double>(total.requests);
    return std::max(0.0, (requests - k_ * static_cast<double>(total.accepts)) / (requests + 1.0));
  }

  void on_request(Instant now) { ++slot(now).requests; }
  void on_accept(Instant now) { ++slot(now).accepts; }

 private:
  static constexpr int slots = 10;

  struct Counts {
    std::uint32_t requests = 0;
    std::uint32_t accepts = 0;
  };

  std::int64_t number(Instant at) const { return floor_div(at.unix_ns(), slot_ns_); }

  static std::size_t index(std::int64_t number) {
    return static_cast<std::size_t>(number - floor_div(number, std::int64_t{slots}) * slots);
  }

  /// Of the slots that the window which ends now still reaches.
  Counts counted(Instant now) const {
    Counts total;
    for (std::int64_t n = std::max(number(now), newest_) - slots + 1; n <= newest_; ++n) {
      total.requests += counts_[index(n)].requests;
      total.accepts += counts_[index(n)].accepts;
    }
    return total;
  }

  /// The slot of now, empty if it is new.
  Counts& slot(Instant now) {
    const std::int64_t n = std::max(number(now), newest_);
    for (std::int64_t fresh = std::max(newest_ + 1, n - slots + 1); fresh <= n; ++fresh) {
      counts_[index(fresh)] = {};
    }
    newest_ = n;
    return counts_[index(n)];
  }

  double k_;
  std::int64_t slot_ns_;
  /// The number of the newest slot; at first so early that nothing comes before.
  std::int64_t newest_ = std::numeric_limits<std::int64_t>::min() + slots;
  std::array<Counts, slots> counts_ = {};
};

}  // namespace weir::traffic
