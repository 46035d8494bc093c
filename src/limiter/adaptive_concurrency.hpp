#pragma once

#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"

namespace weir::limiter {

/// What the end of a request teaches: how long it took (above 0), how many were in flight just
/// after it was admitted, itself included, and whether it failed for want of capacity.
struct LatencySample {
  std::int64_t rtt_ns = 1;
  std::int64_t in_flight = 0;
  bool dropped = false;
};

/// Not more than so many at once, where a rule moves the limit with every request that ends: the
/// SimpleLimiter of Netflix's concurrency-limits, for each key. A Rule has an Estimate of a key,
/// limit(estimate), at least 1, update(estimate, sample) and is_as_new(estimate).
template <class Rule>
class AdaptiveConcurrency {
 public:
  struct Start {
    Instant at;
    std::int64_t in_flight = 0;
  };

  struct State {
    /// Costs of those that have not ended.
    std::int64_t running = 0;
    typename Rule::Estimate estimate;
    /// In the order in which they came; none of cost 0.
    std::vector<Start> starts;
  };

  explicit AdaptiveConcurrency(const Rule& rule) : rule_(rule) {}

  Verdict check(const State& state, Instant, Cost cost) const {
    return {.allowed = cost == 0 || cost <= rule_.limit(state.estimate) - state.running,
            .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    state.running += cost;
    state.starts.push_back({.at = now, .in_flight = state.running});
  }

  void charge_denied(State&, Instant, Cost) const {}

  void complete(State& state, const Completion& completion) const {
    if (completion.cost == 0) return;
    const std::int64_t in_flight = take_start(state, completion.started);
    state.running -= completion.cost;
    const std::int64_t rtt = (completion.now - completion.started).ns();
    rule_.update(state.estimate, {.rtt_ns = std::max<std::int64_t>(rtt, 1),
                                  .in_flight = in_flight,
                                  .dropped = completion.dropped});
  }

  /// None while there is no room: nobody knows when a request ends, nor what that does to the
  /// limit.
  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    return std::nullopt;
  }

  Quota quota(const State& state, Instant) const {
    const std::int64_t limit = rule_.limit(state.estimate);
    return {.limit = limit,
            .remaining = std::max<std::int64_t>(limit - state.running, 0),
            .reset_after = state.running == 0 ? Duration() : Duration::max()};
  }

  /// What its requests have taught is not to be forgotten.
  bool is_as_new(const State& state, Instant) const {
    return state.running == 0 && rule_.is_as_new(state.estimate);
  }

  /// None: requests may end as fast as they come.
  std::optional<std::int64_t> bound(Duration) const { return std::nullopt; }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

  static std::size_t owned_bytes(const State& state) {
    return state.starts.capacity() * sizeof(Start);
  }

 private:
  /// How many were in flight when the request that started then was admitted. Where another limit
  /// held it back in between, it is the last one that was admitted before it started.
  static std::int64_t take_start(State& state, Instant started) {
    if (state.starts.empty()) return state.running;
    auto start = std::lower_bound(state.starts.begin(), state.starts.end(), started,
                                  [](const Start& s, Instant at) { return s.at < at; });
    const bool found = start != state.starts.end() && start->at == started;
    if (!found && start != state.starts.begin()) --start;
    const std::int64_t in_flight = start->in_flight;
    state.starts.erase(start);
    return in_flight;
  }

  Rule rule_;
};

inline constexpr std::int64_t most_concurrent = std::numeric_limits<std::int32_t>::max();

/// A parameter that is a limit on concurrency; the library counts in 32 bits.
inline ParameterSpec concurrency_parameter(std::string_view name, std::string_view description,
                                           std::string_view default_value) {
  return {.name = name,
          .type = ParameterType::count,
          .description = description,
          .default_value = default_value,
          .min = 1,
          .max = most_concurrent};
}

/// A share that the library takes as a number from 0 to 1, or above, in percent.
inline ParameterSpec percent_parameter(std::string_view name, std::string_view description,
                                       std::string_view default_value, std::int64_t min,
                                       std::int64_t max) {
  return {.name = name,
          .type = ParameterType::count,
          .description = description,
          .default_value = default_value,
          .min = min,
          .max = max};
}

inline double share_of(const Parameters& p, std::string_view percent_name) {
  return static_cast<double>(p.count(percent_name)) / 100.0;
}

inline constexpr std::string_view adaptive_advertises = "nothing; its servlet filter answers 429";

}  // namespace weir::limiter
