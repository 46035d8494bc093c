#include "traffic/trace_fields.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "traffic/printable.hpp"

namespace weir::traffic {
namespace {

constexpr std::string_view cost_prefix = "cost.";

/// "5e-05" as "0.000050". Absent where the text has no exponent, a malformed one or one that no
/// instant can have.
std::optional<std::string> without_exponent(std::string_view text) {
  const std::size_t e = text.find_first_of("eE");
  if (e == std::string_view::npos) return std::nullopt;
  std::string_view exponent_text = text.substr(e + 1);
  if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
  constexpr int most_exponent = 40;
  int exponent = 0;
  const char* const end = exponent_text.data() + exponent_text.size();
  const auto [stopped, error] = std::from_chars(exponent_text.data(), end, exponent);
  if (error != std::errc() || stopped != end || exponent < -most_exponent ||
      exponent > most_exponent) {
    return std::nullopt;
  }

  std::string_view number = text.substr(0, e);
  const std::string sign = number.starts_with('-') ? "-" : "";
  number.remove_prefix(sign.size());
  const std::size_t point = number.find('.');
  const std::string_view whole = number.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : number.substr(point + 1);
  if (whole.empty()) return std::nullopt;
  // Enough zeros at both ends for the point to move into.
  const std::string zeros(most_exponent + 1, '0');
  const std::string digits =
      fmt::format("{}{}{}{}", zeros, whole, fraction, exponent > 0 ? zeros : "");
  const auto point_at =
      static_cast<std::size_t>(static_cast<std::int64_t>(zeros.size() + whole.size()) + exponent);
  const std::string_view all = digits;
  const std::size_t first = std::min(all.find_first_not_of('0'), point_at - 1);
  return fmt::format("{}{}.{}0", sign, all.substr(first, point_at - first), all.substr(point_at));
}

bool looks_like_date(std::string_view text) {
  return text.size() >= 5 && text[4] == '-' && text.find_first_of("eE") > 4;
}

Parsed<Instant> parse_either_time(std::string_view text) {
  if (looks_like_date(text)) return parse_instant(text);
  if (const auto plain = without_exponent(text)) return parse_unix_seconds(*plain);
  return parse_unix_seconds(text);
}

}  // namespace

Parsed<Instant> within_range(Instant at, std::string_view name, std::string_view text) {
  constexpr std::int64_t limit = std::int64_t{1} << 62;
  if (at.unix_ns() > -limit && at.unix_ns() < limit) return at;
  return tl::unexpected<std::string>(fmt::format(
      "{} {} is out of range: expected a year from 1824 to 2115", name, in_quotes(text)));
}

Parsed<Instant> read_time_ns(std::string_view text) {
  const Parsed<std::int64_t> ns = parse_integer(text);
  if (ns) return within_range(Instant::from_unix_ns(*ns), "time_ns", text);
  return tl::unexpected<std::string>(
      fmt::format("time_ns {}: expected whole nanoseconds since 1970, such as 1700000000250000000",
                  in_quotes(text)));
}

Parsed<Instant> read_time(std::string_view text) {
  const Parsed<Instant> at = parse_either_time(text);
  if (at) return within_range(*at, "time", text);
  return tl::unexpected<std::string>(fmt::format(
      "time {}: expected seconds since 1970, such as 1700000000.25, or a date and time, such as "
      "2026-01-01T00:00:00.25Z, from the year 1824 to 2115",
      in_quotes(text)));
}

Parsed<std::int64_t> read_amount(std::string_view name, std::string_view text) {
  const Parsed<std::int64_t> amount = parse_integer(text);
  if (!amount || *amount < 0) {
    return tl::unexpected<std::string>(fmt::format("{} {}: expected a whole number of at least 0",
                                                   printable(name), in_quotes(text)));
  }
  if (*amount > largest_amount) {
    return tl::unexpected<std::string>(fmt::format("{} {}: expected at most {}", printable(name),
                                                   in_quotes(text), largest_amount));
  }
  return *amount;
}

FieldRole role_of(std::string_view name) {
  if (name == "time_ns") return FieldRole::time_ns;
  if (name == "time") return FieldRole::time;
  if (name == "cost" || name.starts_with(cost_prefix)) return FieldRole::cost;
  return FieldRole::attribute;
}

std::string_view cost_name(std::string_view field) {
  return field == "cost" ? field : field.substr(cost_prefix.size());
}

std::optional<std::string> check_cost_field(std::string_view field) {
  if (field == "cost.") return "\"cost.\" names no cost; expected cost or cost.NAME";
  // Would otherwise be a second name of the same cost.
  if (field == "cost.cost") return "\"cost.cost\"; expected cost, as the default cost is called";
  return std::nullopt;
}

}  // namespace weir::traffic
