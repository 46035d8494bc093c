#include "http/http_date.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/int128.hpp"
#include "core/text.hpp"

namespace weir::http {
namespace {

constexpr std::array<std::string_view, 7> weekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// A date as it stands in the text; its parts may contradict each other.
struct WrittenDate {
  std::string_view weekday;
  int year = 0;
  std::string_view month;
  int day = 0;
  std::string_view time;
};

/// Whether the text has the form, in which 0 is any digit, A any letter, and _ a digit or a blank.
bool has_form(std::string_view text, std::string_view form) {
  const auto fits = [](char c, char wanted) {
    const bool digit = c >= '0' && c <= '9';
    if (wanted == '0') return digit;
    if (wanted == '_') return digit || c == ' ';
    if (wanted == 'A') return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return c == wanted;
  };
  return std::equal(text.begin(), text.end(), form.begin(), form.end(), fits);
}

/// The number of digits that has_form() has seen; a blank counts for 0.
int number_of(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = 10 * value + (c == ' ' ? 0 : c - '0');
  return value;
}

/// The last year with these two digits that is at most 50 after now's.
int full_year(int two_digits, Instant now) {
  const std::int64_t day = floor_div<std::int64_t>(now.unix_ns(), 86'400'000'000'000);
  const std::chrono::year_month_day today{std::chrono::sys_days(std::chrono::days(day))};
  const int last = static_cast<int>(today.year()) + 50;
  return last - (last - two_digits) % 100;
}

std::optional<WrittenDate> cut_date(std::string_view text, Instant now) {
  if (has_form(text, "AAA, 00 AAA 0000 00:00:00 GMT")) {
    return WrittenDate{text.substr(0, 3), number_of(text.substr(12, 4)), text.substr(8, 3),
                       number_of(text.substr(5, 2)), text.substr(17, 8)};
  }
  if (has_form(text, "AAA AAA _0 00:00:00 0000")) {
    return WrittenDate{text.substr(0, 3), number_of(text.substr(20, 4)), text.substr(4, 3),
                       number_of(text.substr(8, 2)), text.substr(11, 8)};
  }
  const std::string_view weekday = text.substr(0, text.find(','));
  const std::string_view rest = text.substr(weekday.size());
  if (!has_form(rest, ", 00-AAA-00 00:00:00 GMT")) return std::nullopt;
  return WrittenDate{weekday, full_year(number_of(rest.substr(9, 2)), now), rest.substr(5, 3),
                     number_of(rest.substr(2, 2)), rest.substr(12, 8)};
}

/// From 1, or 0 where the name is none of them.
unsigned month_number(std::string_view name) {
  const auto* const found = std::find(months.begin(), months.end(), name);
  return found == months.end() ? 0 : static_cast<unsigned>(found - months.begin()) + 1;
}

/// Of "08:49:37". A leap second is the last of a day, and has the number of the second after it.
std::optional<int> second_of_day(std::string_view time) {
  const int hour = number_of(time.substr(0, 2));
  const int minute = number_of(time.substr(3, 2));
  const int second = number_of(time.substr(6, 2));
  const bool leap_second = time == "23:59:60";
  if (hour > 23 || minute > 59 || (second > 59 && !leap_second)) return std::nullopt;
  return 3600 * hour + 60 * minute + second;
}

/// Whether it is the name, or the first three letters, of the weekday of so many days after 1970.
bool is_weekday(std::string_view name, std::int64_t days) {
  // 1970 began on a Thursday.
  const std::int64_t since_sunday = days + 4 - 7 * floor_div<std::int64_t>(days + 4, 7);
  const std::string_view right = weekdays[static_cast<std::size_t>(since_sunday)];
  return name == right || name == right.substr(0, 3);
}

}  // namespace

std::optional<Instant> parse_http_date(std::string_view text, Instant now) {
  const std::optional<WrittenDate> date = cut_date(text, now);
  if (!date) return std::nullopt;
  const unsigned month = month_number(date->month);
  const auto day = static_cast<unsigned>(date->day);
  const std::chrono::year_month_day civil{std::chrono::year(date->year), std::chrono::month(month),
                                          std::chrono::day(day)};
  const std::optional<int> second = second_of_day(date->time);
  // The first and the last whole year of an Instant.
  if (!civil.ok() || !second || date->year < 1678 || date->year > 2261) return std::nullopt;
  const std::int64_t days = days_from_civil(date->year, month, day);
  if (!is_weekday(date->weekday, days)) return std::nullopt;
  return Instant::from_unix_seconds(86'400 * days + *second);
}

std::string format_http_date(Instant at) {
  const std::int64_t seconds = floor_div<std::int64_t>(at.unix_ns(), 1'000'000'000);
  const std::int64_t day = floor_div<std::int64_t>(seconds, 86'400);
  const std::int64_t of_day = seconds - day * 86'400;
  const std::chrono::sys_days date{std::chrono::days(day)};
  const std::chrono::year_month_day civil{date};
  const std::string_view weekday = weekdays[std::chrono::weekday(date).c_encoding()];
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", weekday.substr(0, 3),
                     static_cast<unsigned>(civil.day()),
                     months[static_cast<unsigned>(civil.month()) - 1],
                     static_cast<int>(civil.year()), of_day / 3600, of_day / 60 % 60, of_day % 60);
}

}  // namespace weir::http
