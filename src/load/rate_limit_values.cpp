#include "load/rate_limit_values.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "core/int128.hpp"
#include "core/text.hpp"
#include "http/header_text.hpp"
#include "http/http_date.hpp"
#include "limiter/parameters.hpp"

namespace weir::load {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr std::int64_t ns_per_ms = 1'000'000;

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<Duration> within_bound(Int128 ns) {
  if (ns < 0 || ns > limiter::longest_window.ns()) return std::nullopt;
  return Duration::from_ns(static_cast<std::int64_t>(ns));
}

std::optional<Duration> wait_from(Instant now, Int128 until_unix_ns, Duration slack) {
  const Int128 wait = until_unix_ns - now.unix_ns();
  return within_bound(wait < 0 && wait >= -slack.ns() ? Int128{0} : wait);
}

std::optional<Duration> wait_until_reset(Int128 unix_ns, ResponseClock clock) {
  const std::optional<Instant> date = http::parse_http_date(clock.date, clock.received);
  return wait_from(date.value_or(clock.received), unix_ns, clock_slack);
}

/// A number with or without decimals, those behind the ninth cut off.
struct Decimal {
  std::int64_t whole = 0;
  std::int64_t billionths = 0;

  /// In nanoseconds, where 1 is `unit` of them: a second or a millisecond.
  Int128 times(std::int64_t unit) const {
    return Int128{whole} * unit + billionths / (ns_per_second / unit);
  }
};

std::optional<Decimal> read_decimal(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::optional<std::int64_t> whole = read_amount(text.substr(0, point));
  if (!whole) return std::nullopt;
  Decimal number{*whole, 0};
  if (point == text.size()) return number;
  const std::string_view decimals = text.substr(point + 1);
  if (!all_digits(decimals)) return std::nullopt;
  for (std::size_t i = 0; i < 9; ++i) {
    number.billionths = 10 * number.billionths + (i < decimals.size() ? decimals[i] - '0' : 0);
  }
  return number;
}

/// "2026-01-01T00:00:00Z".
bool begins_with_year(std::string_view text) { return text.size() > 4 && text[4] == '-'; }

std::optional<Duration> read_reset_instant(std::string_view text, ResponseClock clock) {
  const Parsed<Instant> at = parse_instant(text);
  if (!at) return std::nullopt;
  return wait_until_reset(at->unix_ns(), clock);
}

std::optional<Duration> read_reset_number(std::string_view text, ResponseClock clock) {
  const std::optional<Decimal> number = read_decimal(text);
  if (!number) return std::nullopt;
  constexpr std::int64_t longest_delay = limiter::longest_window.ns() / ns_per_second;
  constexpr std::int64_t first_epoch_ms = 1'000'000'000'000;
  if (number->whole <= longest_delay) return within_bound(number->times(ns_per_second));
  const std::int64_t unit = number->whole < first_epoch_ms ? ns_per_second : ns_per_ms;
  return wait_until_reset(number->times(unit), clock);
}

/// Go writes microseconds with a Greek letter, of which there are two that look alike.
std::string in_ascii(std::string_view duration) {
  for (const std::string_view mu : {"\xC2\xB5", "\xCE\xBC"}) {
    const std::size_t at = duration.find(mu);
    if (at == std::string_view::npos) continue;
    return fmt::format("{}u{}", duration.substr(0, at), duration.substr(at + mu.size()));
  }
  return std::string(duration);
}

}  // namespace

std::optional<std::int64_t> read_amount(std::string_view text) {
  if (!all_digits(text)) return std::nullopt;
  const Parsed<std::int64_t> amount = parse_integer(text);
  if (!amount) return std::nullopt;
  return *amount;
}

std::optional<std::int64_t> read_amount_before_policies(std::string_view text) {
  return read_amount(http::without_blanks(text.substr(0, text.find_first_of(",;"))));
}

std::optional<Duration> read_delay_seconds(std::string_view text) {
  const std::optional<std::int64_t> seconds = read_amount(text);
  if (!seconds) return std::nullopt;
  return within_bound(Int128{*seconds} * ns_per_second);
}

std::optional<Duration> read_delay_ms(std::string_view text) {
  const std::optional<Decimal> ms = read_decimal(text);
  if (!ms) return std::nullopt;
  return within_bound(ms->times(ns_per_ms));
}

std::optional<Duration> read_retry_after(std::string_view text, ResponseClock clock) {
  if (all_digits(text)) return read_delay_seconds(text);
  const std::optional<Instant> at = http::parse_http_date(text, clock.received);
  if (!at) return std::nullopt;
  const std::optional<Instant> date = http::parse_http_date(clock.date, clock.received);
  if (date) return wait_from(*date, at->unix_ns(), Duration());
  return wait_from(clock.received, at->unix_ns(), clock_slack);
}

std::optional<Duration> read_reset(std::string_view text, ResponseClock clock) {
  if (begins_with_year(text)) return read_reset_instant(text, clock);
  if (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    return read_reset_number(text, clock);
  }
  const std::optional<Instant> at = http::parse_http_date(text, clock.received);
  if (!at) return std::nullopt;
  return wait_until_reset(at->unix_ns(), clock);
}

std::optional<Duration> read_openai_reset(std::string_view text, ResponseClock clock) {
  const bool in_units = text.ends_with('s') || text.ends_with('m') || text.ends_with('h');
  if (!in_units) return read_reset(text, clock);
  const Parsed<Duration> duration = parse_duration(in_ascii(text));
  if (!duration) return std::nullopt;
  return within_bound(duration->ns());
}

std::optional<Duration> read_anthropic_reset(std::string_view text, ResponseClock clock) {
  return begins_with_year(text) ? read_reset_instant(text, clock) : std::nullopt;
}

}  // namespace weir::load
