#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "limiter/saturate.hpp"
#include "store/redis_row.hpp"

// What the makers of rows share.
namespace weir::store {

/// Counts in the script stay below twice this, so that doubles hold them and their sums.
inline constexpr std::int64_t most_in_redis = std::int64_t{1} << 51;
/// For so long keys are kept whose state never equals a new one's.
inline constexpr Duration kept_for_ever = limiter::longest_window;
/// And those of buckets that do not start full: one that is full again is not forgotten at once.
inline constexpr Duration kept_when_full = Duration::from_seconds(86'400);

constexpr std::int64_t whole_us(Duration d) { return d.ns() / 1000; }
constexpr Instant instant_of_us(std::int64_t us) { return Instant::from_unix_ns(us * 1000); }

/// What a limit says, given its quota and the first instant at which it would admit.
inline LimitSaid said_of(const RedisAnswer& answer, const limiter::Quota& quota,
                         const std::optional<Instant>& earliest) {
  LimitSaid said;
  said.verdict.allowed = answer.admits;
  said.quota = quota;
  said.advertised = {quota.limit, quota.remaining, std::nullopt};
  if (quota.reset_after != Duration::max()) {
    said.advertised.reset_after = limiter::ceil_seconds(quota.reset_after);
  }
  if (!answer.denied) return said;
  said.retry_after = earliest ? std::optional(*earliest - answer.now) : std::nullopt;
  if (!answer.admits && said.retry_after) {
    said.advertised_retry_after = limiter::ceil_seconds(*said.retry_after);
  }
  return said;
}

/// The same of a limiter and its state.
template <class L>
LimitSaid said_of(const RedisAnswer& answer, const L& limiter, const typename L::State& state) {
  return said_of(answer, limiter.quota(state, answer.now),
                 answer.denied ? limiter.earliest(state, answer.now, answer.cost) : std::nullopt);
}

inline std::optional<Problem> count_problem(std::string_view name, std::int64_t count) {
  if (count <= most_in_redis) return std::nullopt;
  return Problem{std::string(name),
                 fmt::format("must be at most {} in a Redis store", most_in_redis)};
}

inline std::optional<Problem> microsecond_problem(std::string_view name, Duration d) {
  if (d.ns() % 1000 == 0) return std::nullopt;
  return Problem{std::string(name), "must be a whole number of microseconds in a Redis store"};
}

MadeRow make_schedule_row(std::string_view algorithm, const limiter::Parameters& parameters);
MadeRow make_window_row(std::string_view algorithm, const limiter::Parameters& parameters);
MadeRow make_interval_row(const limiter::Parameters& parameters);
MadeRow make_slots_row(const limiter::Parameters& parameters, Duration longest_hold);

}  // namespace weir::store
