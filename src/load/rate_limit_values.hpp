#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/time.hpp"

// The values of rate-limit headers, without blanks around them. Absent is what is malformed; a wait
// is never negative, and never longer than limiter::longest_window.

namespace weir::load {

/// What the dates of a response are read against: its own Date, so that no difference of clocks is
/// in them, and where that is missing or malformed the instant of its receipt. Date is read only by
/// those who ask for it.
struct ResponseClock {
  Instant received;
  std::string_view date;
};

/// Clocks may differ by so much, and a server may round an instant down and take its time before
/// its answer leaves: an instant no longer past than this is now.
inline constexpr Duration clock_slack = Duration::from_seconds(2);

/// Digits, up to 63 bits.
std::optional<std::int64_t> read_amount(std::string_view text);

/// An amount, and behind a comma or a semicolon the policies that make it up, which are not looked
/// at: "10, 10;w=60" as Envoy has it.
std::optional<std::int64_t> read_amount_before_policies(std::string_view text);

/// Whole seconds: the delay-seconds of RFC 9110, 10.2.3.
std::optional<Duration> read_delay_seconds(std::string_view text);

/// Milliseconds, whole or decimal.
std::optional<Duration> read_delay_ms(std::string_view text);

/// Retry-After: whole seconds or an HTTP-date. A date is a promise of this response, so one before
/// its own Date is malformed; clock_slack is left only where there is no Date.
std::optional<Duration> read_retry_after(std::string_view text, ResponseClock clock);

/// X-RateLimit-Reset, for which there is no standard. An HTTP-date or one of RFC 3339, or a number,
/// whole or decimal, told by its size: up to limiter::longest_window, ten years, it is seconds from
/// now (as an epoch it would be before 1980); from there Unix time in seconds; and from 10^12 Unix
/// time in milliseconds (2001; as seconds it would be the year 33658).
std::optional<Duration> read_reset(std::string_view text, ResponseClock clock);

/// As OpenAI writes it, a duration of Go: "6m0s", "20ms"; or as above, since some of those who
/// imitate it write seconds.
std::optional<Duration> read_openai_reset(std::string_view text, ResponseClock clock);

/// As Anthropic writes it: a date of RFC 3339.
std::optional<Duration> read_anthropic_reset(std::string_view text, ResponseClock clock);

}  // namespace weir::load
