#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.hpp"
#include "oracle/verify.hpp"

namespace weir::oracle {

/// How requests come to a gateway that is not there, and how long they and their answers take.
struct VirtualTraffic {
  std::uint32_t keys = 20;
  std::size_t requests = 2'000;
  /// Of each key, on average; in bursts of up to `burst`.
  double requests_per_second = 15.0;
  std::uint64_t burst = 3;
  policy::Cost most_cost = 1;
  /// One way: at least half of it, and more now and then, so that requests overtake each other.
  Duration delay = Duration::from_ms(1);
  /// The gateway's clock less the client's.
  Duration clock_offset;
  /// The gateway reads a clock that moves on so often; 0 for always.
  Duration clock_tick;
  /// One request in so many comes to the gateway 300 ms late; 0 for none.
  std::uint64_t one_late_in = 0;
  std::uint64_t seed = 1;
};

/// A limit as on the command line: "token-bucket rate=5/s capacity=20".
policy::Limit limit_of(std::string_view words);

/// What a client sees of a gateway that decides exactly as the limit says; the evidence names
/// `believed` as the policy. All keys have groups of their own.
Evidence observe(const policy::Limit& limit, const VirtualTraffic& traffic,
                 const policy::Limit& believed);

/// Decides the observations anew, each a third of the way through its time, by all of the
/// evidence's limits together.
void decide_jointly(Evidence& evidence);

}  // namespace weir::oracle
