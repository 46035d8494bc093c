#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::load {

/// A quota that has a header for each of its limit, what remains and when it resets; ordered by the
/// family of the headers.
enum class Meter : std::uint8_t {
  /// X-RateLimit-Limit and the like, or X-Rate-Limit-Limit; with a unit of time as Kong has them:
  /// X-RateLimit-Limit-Minute.
  x_ratelimit,
  x_ratelimit_second,
  x_ratelimit_minute,
  x_ratelimit_hour,
  x_ratelimit_day,
  x_ratelimit_week,
  x_ratelimit_month,
  x_ratelimit_year,
  /// x-ratelimit-limit-requests.
  openai_requests,
  openai_tokens,
  /// anthropic-ratelimit-requests-limit.
  anthropic_requests,
  anthropic_tokens,
  anthropic_input_tokens,
  anthropic_output_tokens,
  /// RateLimit-Limit.
  ietf
};
inline constexpr std::size_t meter_count = 15;

enum class HeaderKind : std::uint8_t {
  other,
  date,
  retry_after,
  retry_after_ms,
  /// RateLimit.
  service_limits,
  /// RateLimit-Policy.
  policies,
  limit,
  remaining,
  reset
};

/// What a header of a response is, by its name.
struct RateLimitHeader {
  HeaderKind kind = HeaderKind::other;
  /// Of a limit, a remaining or a reset.
  Meter meter = Meter::ietf;
};

/// Whether a header may be any of these, by a look at its length and its first letter: false for
/// most of the others.
inline bool may_be_rate_limit_header(std::string_view name) {
  const std::size_t size = name.size();
  switch (size == 0 ? '\0' : name.front()) {
    case 'd':
    case 'D':
      return size == std::string_view("date").size();
    case 'r':
    case 'R':
      return size >= std::string_view("ratelimit").size();
    case 'x':
    case 'X':
      return size >= std::string_view("x-ratelimit-limit").size();
    case 'a':
    case 'A':
      return size >= std::string_view("anthropic-ratelimit-tokens-limit").size();
    default:
      return false;
  }
}

/// The header of that name, in any letter case.
RateLimitHeader identify_header(std::string_view name);

}  // namespace weir::load
