#pragma once

#include <cstdint>
#include <vector>

#include "oracle/verify.hpp"

namespace weir::oracle {

/// How requests come to a gateway that is not there, which takes its time to serve them.
struct EndingTraffic {
  std::uint32_t keys = 20;
  std::size_t requests = 2'000;
  /// Of each key, on average; in bursts of up to `burst`.
  double requests_per_second = 15.0;
  std::uint64_t burst = 3;
  /// On average.
  Duration service = Duration::from_ms(300);
  policy::Cost most_cost = 1;
  /// What an answer tells that its request has cost, at most; where a limit waits for that.
  policy::Cost most_real_cost = 20;
  /// One way: at least half of it, and more now and then.
  Duration delay = Duration::from_ms(1);
  /// How much later than the answer's end the limits may hear of it.
  Duration lingers;
  std::uint64_t seed = 1;
};

/// What a client sees of a gateway that decides exactly as these limits together say, each request
/// until it has been served; the evidence names `believed` as the policy.
Evidence observe_ends(const std::vector<policy::Limit>& limits, const EndingTraffic& traffic,
                      const std::vector<policy::Limit>& believed);

}  // namespace weir::oracle
