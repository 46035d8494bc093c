#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "policy/spec.hpp"

namespace weir::cli {

/// What traffic near a policy's limits has to keep to.
struct TrafficBounds {
  /// How many different keys there may be.
  std::int64_t most_keys = 1;
  /// Requests of these keys were sent before, so that the first ones may find less than everything.
  bool keys_were_used = false;
  /// How long an admitted request takes.
  Duration service;
  std::uint64_t max_per_second = 200;
};

/// The name of a class whose requests are to be under way at once.
inline constexpr const char* at_once_class = "at-once";

/// Requests of so many keys, all as likely.
struct ProbedClass {
  std::string name;
  nlohmann::ordered_json arrivals;
  std::int64_t keys = 1;
  Duration from;
  std::optional<Duration> until;
};

/// Traffic under which a gateway shows that it enforces a policy.
struct ProbedTraffic {
  std::vector<ProbedClass> classes;
  Duration duration;
  /// How many requests may be under way at once.
  std::int64_t at_once = 1;
};

/// Traffic that asks for more than each limit of a policy admits, for as long as they take to show;
/// of limits on concurrency, one more request after the other while none has ended.
ProbedTraffic traffic_near(const policy::PolicySpec& policy, const TrafficBounds& bounds);

}  // namespace weir::cli
