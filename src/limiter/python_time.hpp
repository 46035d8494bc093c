#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "core/int128.hpp"
#include "limiter/first_hit_window.hpp"
#include "limiter/first_true.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// Python's time.time(): Unix time in float64 seconds. It never falls as time goes on, but stands
/// still for some 240 ns at a time.
inline double python_time(std::int64_t unix_ns) {
  constexpr std::int64_t second = 1'000'000'000;
  if (unix_ns % second == 0) return static_cast<double>(unix_ns / second);
  return static_cast<double>(unix_ns) / 1e9;
}
inline double python_time(Instant at) { return python_time(at.unix_ns()); }

/// More than two readings of the clock can be off the time between them.
inline constexpr std::int64_t python_clock_error_ns = 4'000;

/// The first instant from `now` on at which holds(ns), which then stays true; none if it never is.
template <class Holds>
std::optional<Instant> first_instant(Instant now, double guess_s, Holds holds) {
  constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
  if (!holds(last)) return std::nullopt;
  return Instant::from_unix_ns(
      first_true(now.unix_ns(), last, saturated_floor(guess_s * 1e9), holds));
}

/// What Flask-Limiter writes of a window that the library says is reset at `reset_s`.
class FlaskHeaders {
 public:
  FlaskHeaders(double reset_s, Instant now)
      : reset_at_s_(saturated_floor(std::trunc(reset_s + 1.0))), now_(now) {}

  /// X-RateLimit-Reset, a Unix time in whole seconds, as seen from now.
  Duration reset_after() const {
    return Duration::from_ns(saturate(Int128{reset_at_s_} * 1'000'000'000 - now_.unix_ns()));
  }
  Duration retry_after() const {
    const double left = static_cast<double>(reset_at_s_) - python_time(now_);
    return Duration::from_ns(saturate(Int128{saturated_floor(std::trunc(left))} * 1'000'000'000));
  }

  static constexpr std::string_view advertises =
      "with Flask-Limiter and its headers enabled, on every answer: X-RateLimit-Limit, "
      "X-RateLimit-Remaining, X-RateLimit-Reset: the Unix time in seconds, rounded down, a second "
      "after the library's reset time, and Retry-After: the seconds until then, rounded down";

 private:
  std::int64_t reset_at_s_;
  Instant now_;
};

/// What the entries of the library limits have in common.
struct PythonLimitsEntry {
  static std::vector<ParameterSpec> parameters() {
    return {{.name = "limit",
             .type = ParameterType::count,
             .description = "how much is admitted per window; 0 admits nothing"},
            {.name = "window",
             .type = ParameterType::duration,
             .description = "whole seconds (a month has 30 days there, and a year 360)",
             .min = 1'000'000'000}};
  }

  static std::optional<MakeProblem> problem_of_window(Duration window) {
    return whole_units_problem("window", window, Duration::from_seconds(1), "seconds");
  }

  static std::int64_t seconds_of(Duration window) { return window.ns() / 1'000'000'000; }
};

}  // namespace weir::limiter
