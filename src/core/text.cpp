#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <iterator>
#include <limits>
#include <optional>
#include <system_error>

#include "core/int128.hpp"

namespace weir {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();

struct Unit {
  std::string_view name;
  std::int64_t ns;
};

/// Larger ones first, the order in which a duration is written.
constexpr std::array<Unit, 8> time_units{{{"w", 604'800 * ns_per_second},
                                          {"d", 86'400 * ns_per_second},
                                          {"h", 3'600 * ns_per_second},
                                          {"m", 60 * ns_per_second},
                                          {"s", ns_per_second},
                                          {"ms", 1'000'000},
                                          {"us", 1'000},
                                          {"ns", 1}}};
constexpr std::size_t day_index = 1;
constexpr std::size_t minute_index = 3;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// What was found, in quotes, fit for a terminal: control characters escaped, long texts cut short.
std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 60;
  const bool cut = text.size() > longest;
  if (cut) {
    std::size_t end = longest;
    // Not in the middle of a UTF-8 sequence.
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string out = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + (cut ? "…\"" : "\"");
}

tl::unexpected<std::string> wrong(std::string_view what, std::string_view text,
                                  std::string_view right) {
  return tl::unexpected(fmt::format("{}: {} ({})", what, quoted(text), right));
}

/// A text that is read from its front.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view take_digits() { return take_while(is_digit); }
  std::string_view take_letters() { return take_while(is_letter); }
  /// A number of exactly so many digits, at most 9.
  std::optional<int> take_number(std::size_t digits) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!is_digit(rest_[i])) return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }

 private:
  std::string_view take_while(bool (*wanted)(char)) {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), wanted);
    const auto length = static_cast<std::size_t>(end - rest_.begin());
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  std::string_view rest_;
};

/// The value of digits, or none above `largest`.
std::optional<std::int64_t> digits_value(std::string_view digits, std::int64_t largest) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || value > static_cast<std::uint64_t>(largest)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

/// The first nine digits after the point as nanoseconds.
std::int64_t fraction_ns(std::string_view digits) {
  std::int64_t ns = 0;
  for (std::size_t i = 0; i < 9; ++i) ns = ns * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return ns;
}

/// seconds + ns, or none beyond what an Instant holds.
std::optional<Instant> instant_of(std::int64_t seconds, std::int64_t ns) {
  const Int128 total = Int128{seconds} * ns_per_second + ns;
  if (total < Int128{int64_min} || total > Int128{int64_max}) return std::nullopt;
  return Instant::from_unix_ns(static_cast<std::int64_t>(total));
}

// ---- Durations and rates.

constexpr std::string_view duration_hint = "write a number and a unit: 250ms, 1h30m, 2d";

const Unit* find_unit(std::string_view name) {
  const auto* found = std::find_if(time_units.begin(), time_units.end(),
                                   [&](const Unit& unit) { return unit.name == name; });
  return found == time_units.end() ? nullptr : found;
}

tl::unexpected<std::string> too_long(std::string_view text) {
  return wrong("duration too long", text,
               "at most " + format_duration(Duration::max()) + ", about 292 years");
}

/// 0.`digits` of a unit, or none if it is no whole number of nanoseconds.
std::optional<std::int64_t> exact_fraction(std::string_view digits, std::int64_t unit_ns) {
  while (!digits.empty() && digits.back() == '0') digits.remove_suffix(1);
  // A week of nanoseconds has 16 factors of 2: no fraction with more digits can be exact.
  if (digits.size() > 18) return std::nullopt;
  Int128 scale = 1;
  Int128 value = 0;
  for (const char c : digits) {
    scale *= 10;
    value = value * 10 + (c - '0');
  }
  if (value * unit_ns % scale != 0) return std::nullopt;
  return static_cast<std::int64_t>(value * unit_ns / scale);
}

/// One number of a duration and its unit, as they stand in the text.
struct Amount {
  std::string_view whole;
  std::string_view fraction;
  const Unit* unit;
};

std::optional<Amount> take_amount(Reader& reader) {
  Amount amount{reader.take_digits(), {}, nullptr};
  if (amount.whole.empty()) return std::nullopt;
  if (reader.take('.')) {
    amount.fraction = reader.take_digits();
    if (amount.fraction.empty()) return std::nullopt;
  }
  amount.unit = find_unit(reader.take_letters());
  if (amount.unit == nullptr) return std::nullopt;
  return amount;
}

// ---- Instants.

constexpr std::string_view instant_hint =
    "write RFC 3339: 2026-01-01T00:00:00Z, 2026-01-01T01:00:00.25+01:00";
constexpr std::string_view instant_range = "from 1677-09-21T00:12:44Z to 2262-04-11T23:47:16Z";

struct Date {
  int year;
  unsigned month;
  unsigned day;
};

std::optional<Date> take_date(Reader& reader) {
  const auto year = reader.take_number(4);
  if (!year || !reader.take('-')) return std::nullopt;
  const auto month = reader.take_number(2);
  if (!month || !reader.take('-')) return std::nullopt;
  const auto day = reader.take_number(2);
  if (!day) return std::nullopt;
  const Date date{*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day)};
  const std::chrono::year_month_day civil{
      std::chrono::year(date.year), std::chrono::month(date.month), std::chrono::day(date.day)};
  if (!civil.ok()) return std::nullopt;
  return date;
}

/// Hours and minutes with a colon between, in minutes.
std::optional<int> take_minutes(Reader& reader) {
  const auto hour = reader.take_number(2);
  if (!hour || *hour > 23 || !reader.take(':')) return std::nullopt;
  const auto minute = reader.take_number(2);
  if (!minute || *minute > 59) return std::nullopt;
  return *hour * 60 + *minute;
}

/// The offset from UTC in minutes at the end of an instant; nothing means UTC.
std::optional<int> take_offset(Reader& reader) {
  if (reader.done() || reader.take('Z') || reader.take('z')) return 0;
  const bool west = reader.peek() == '-';
  if (!reader.take('+') && !reader.take('-')) return std::nullopt;
  const auto minutes = take_minutes(reader);
  if (!minutes) return std::nullopt;
  return west ? -*minutes : *minutes;
}

// ---- Formatting.

/// value / unit without trailing zeros; the unit is a power of ten.
std::string decimal(std::uint64_t value, std::uint64_t unit) {
  std::string out = fmt::format("{}", value / unit);
  std::uint64_t rest = value % unit;
  if (rest != 0) out += '.';
  while (rest != 0) {
    unit /= 10;
    out += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return out;
}

std::uint64_t magnitude(std::int64_t n) {
  return n < 0 ? -static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n);
}

std::uint64_t rounded(std::uint64_t value, std::uint64_t quantum) {
  return (value + quantum / 2) / quantum * quantum;
}

/// Three significant digits in one unit, or empty if that makes it `next` or more.
std::string three_digits(std::uint64_t ns, const Unit& unit, std::uint64_t next) {
  const auto size = static_cast<std::uint64_t>(unit.ns);
  std::uint64_t quantum = size;
  if (ns < 10 * size) {
    quantum = size / 100;
  } else if (ns < 100 * size) {
    quantum = size / 10;
  }
  const std::uint64_t value = rounded(ns, std::max<std::uint64_t>(quantum, 1));
  return value < next ? decimal(value, size) + std::string(unit.name) : std::string();
}

/// Two neighbouring units, as in 2m05s, or empty if rounding makes it `next` or more.
std::string two_units(std::uint64_t ns, const Unit& large, const Unit& small, std::uint64_t next) {
  const auto large_ns = static_cast<std::uint64_t>(large.ns);
  const auto small_ns = static_cast<std::uint64_t>(small.ns);
  const std::uint64_t value = rounded(ns, small_ns);
  if (value >= next) return {};
  const std::uint64_t rest = value % large_ns / small_ns;
  if (rest == 0) return fmt::format("{}{}", value / large_ns, large.name);
  return fmt::format("{}{}{:02}{}", value / large_ns, large.name, rest, small.name);
}

std::string short_text(std::uint64_t ns) {
  const auto size = [](std::size_t i) { return static_cast<std::uint64_t>(time_units[i].ns); };
  for (std::size_t i = time_units.size() - 1; i > minute_index; --i) {
    std::string text = three_digits(ns, time_units[i], size(i - 1));
    if (!text.empty()) return text;
  }
  for (std::size_t i = minute_index; i >= day_index; --i) {
    const std::uint64_t next = i == day_index ? 100 * size(i) : size(i - 1);
    std::string text = two_units(ns, time_units[i], time_units[i + 1], next);
    if (!text.empty()) return text;
  }
  return fmt::format("{}d", rounded(ns, size(day_index)) / size(day_index));
}

// ---- Spelling.

/// Edits that turn one word into the other: a letter more, less or different, or two neighbours
/// swapped.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

Parsed<std::int64_t> parse_integer(std::string_view text) {
  const bool plus = !text.empty() && text.front() == '+';
  const std::string_view signless = plus ? text.substr(1) : text;
  std::int64_t value = 0;
  const char* const last = signless.data() + signless.size();
  const auto [end, error] = std::from_chars(signless.data(), last, value);
  const bool two_signs = plus && !signless.empty() && signless.front() == '-';
  if (error == std::errc::invalid_argument || end != last || two_signs) {
    return wrong("not a whole number", text, "write digits: 0, 42, -7");
  }
  if (error == std::errc::result_out_of_range) {
    return wrong("number out of range", text, fmt::format("from {} to {}", int64_min, int64_max));
  }
  return value;
}

Parsed<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration();
  if (!text.empty() && text.front() == '-') {
    return wrong("not a duration", text, "it must not be negative");
  }
  Reader reader(text);
  Int128 total = 0;
  const Unit* last_unit = nullptr;
  do {
    const std::optional<Amount> amount = take_amount(reader);
    if (!amount) return wrong("not a duration", text, duration_hint);
    if (last_unit != nullptr && amount->unit <= last_unit) {
      return wrong("not a duration", text, "write each unit once, larger ones first: 1h30m");
    }
    last_unit = amount->unit;
    const auto whole = digits_value(amount->whole, int64_max / amount->unit->ns);
    if (!whole) return too_long(text);
    const auto fraction = exact_fraction(amount->fraction, amount->unit->ns);
    if (!fraction) {
      return wrong("not a duration", text, "it must be a whole number of nanoseconds");
    }
    total += Int128{*whole} * amount->unit->ns + *fraction;
  } while (!reader.done());
  if (total > Int128{int64_max}) return too_long(text);
  return Duration::from_ns(static_cast<std::int64_t>(total));
}

Parsed<Rate> parse_rate(std::string_view text) {
  constexpr std::string_view hint =
      "write a whole number of units and a period: 100/1m, 5/s, 1/250ms";
  constexpr std::int64_t most_units = std::int64_t{1} << 53;
  Reader reader(text);
  const std::string_view count = reader.take_digits();
  if (count.empty() || !reader.take('/')) return wrong("not a rate", text, hint);
  const std::string_view period_text = text.substr(count.size() + 1);
  const auto count_value = digits_value(count, most_units);
  if (!count_value) {
    return wrong("not a rate", text, fmt::format("it may have at most {} units", most_units));
  }
  Rate rate{.units = static_cast<std::uint64_t>(*count_value), .per = {}};
  if (const Unit* unit = find_unit(period_text); unit != nullptr) {
    rate.per = Duration::from_ns(unit->ns);
    return rate;
  }
  const Parsed<Duration> period = parse_duration(period_text);
  if (!period) {
    return wrong("not a rate", text, fmt::format("{}; the period is {}", hint, period.error()));
  }
  if (period->ns() == 0) return wrong("not a rate", text, "the period must be longer than 0s");
  rate.per = *period;
  return rate;
}

Parsed<Instant> parse_instant(std::string_view text) {
  const auto not_instant = [&] { return wrong("not an instant", text, instant_hint); };
  Reader reader(text);
  const auto date = take_date(reader);
  if (!date || !(reader.take('T') || reader.take('t') || reader.take(' '))) return not_instant();
  const auto minutes = take_minutes(reader);
  if (!minutes || !reader.take(':')) return not_instant();
  const auto second = reader.take_number(2);
  if (!second || *second > 60) return not_instant();
  std::string_view fraction;
  if (reader.take('.')) {
    fraction = reader.take_digits();
    if (fraction.empty()) return not_instant();
  }
  const auto offset = take_offset(reader);
  if (!offset || !reader.done()) return not_instant();
  const std::int64_t utc_minutes =
      days_from_civil(date->year, date->month, date->day) * 1'440 + *minutes - *offset;
  // Unix time gives a leap second, the last of a day in UTC, the number of the second after it.
  const bool last_minute =
      floor_div<std::int64_t>(utc_minutes + 1, 1'440) * 1'440 == utc_minutes + 1;
  if (*second == 60 && !last_minute) return not_instant();
  const auto at = instant_of(utc_minutes * 60 + *second, fraction_ns(fraction));
  if (!at) return wrong("instant out of range", text, instant_range);
  return *at;
}

Parsed<Instant> parse_unix_seconds(std::string_view text) {
  const auto not_seconds = [&] {
    return wrong("not a time in seconds", text, "write seconds since 1970: 1700000000.25");
  };
  Reader reader(text);
  const bool negative = reader.take('-');
  const std::string_view whole = reader.take_digits();
  if (whole.empty()) return not_seconds();
  std::string_view fraction;
  if (reader.take('.')) {
    fraction = reader.take_digits();
    if (fraction.empty()) return not_seconds();
  }
  if (!reader.done()) return not_seconds();
  const auto seconds = digits_value(whole, int64_max / ns_per_second);
  const std::int64_t ns = fraction_ns(fraction);
  const auto at = !seconds   ? std::nullopt
                  : negative ? instant_of(-*seconds, -ns)
                             : instant_of(*seconds, ns);
  if (!at) {
    return wrong("instant out of range", text,
                 "from -9223372036.854775808 to 9223372036.854775807");
  }
  return *at;
}

std::string format_duration(Duration d) {
  std::string out;
  std::uint64_t rest = magnitude(d.ns());
  // No weeks: ten days read better than 1w3d.
  for (std::size_t i = day_index; i <= minute_index; ++i) {
    const auto size = static_cast<std::uint64_t>(time_units[i].ns);
    if (rest >= size) out += fmt::format("{}{}", rest / size, time_units[i].name);
    rest %= size;
  }
  for (std::size_t i = minute_index + 1; i < time_units.size() && rest > 0; ++i) {
    const auto size = static_cast<std::uint64_t>(time_units[i].ns);
    // After minutes come seconds, however few.
    if (rest < size && out.empty()) continue;
    out += decimal(rest, size);
    out += time_units[i].name;
    rest = 0;
  }
  if (out.empty()) return "0s";
  return d.ns() < 0 ? '-' + out : out;
}

std::string format_duration_short(Duration d) {
  const std::string text = d.ns() == 0 ? "0s" : short_text(magnitude(d.ns()));
  return d.ns() < 0 ? '-' + text : text;
}

std::string format_rate(const Rate& rate) {
  const bool per_one_second = rate.per == Duration::from_seconds(1);
  return fmt::format("{}/{}", rate.units, per_one_second ? "s" : format_duration(rate.per));
}

std::string format_instant(Instant at) {
  const std::int64_t seconds = floor_div(at.unix_ns(), ns_per_second);
  const std::int64_t below = at.unix_ns() % ns_per_second;
  const std::int64_t ns = below < 0 ? below + ns_per_second : below;
  const std::int64_t days = floor_div<std::int64_t>(seconds, 86'400);
  const std::int64_t in_day = seconds - days * 86'400;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  in_day / 3'600, in_day / 60 % 60, in_day % 60);
  // Of "0.25", the part from the point on.
  if (ns != 0) out += decimal(static_cast<std::uint64_t>(ns), ns_per_second).substr(1);
  return out + "Z";
}

std::string format_count(std::int64_t n) {
  std::string out = fmt::format("{}", magnitude(n));
  for (std::size_t i = out.size(); i > 3;) out.insert(i -= 3, 1, ',');
  return n < 0 ? '-' + out : out;
}

std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
  // The calendar repeats every 400 years; std::chrono::year ends at 32767.
  const std::int64_t cycle = floor_div<std::int64_t>(year, 400);
  const std::chrono::sys_days in_cycle(
      std::chrono::year_month_day(std::chrono::year(static_cast<int>(year - cycle * 400)),
                                  std::chrono::month(month), std::chrono::day(day)));
  return cycle * 146'097 + in_cycle.time_since_epoch().count();
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  std::size_t best_distance = 0;
  for (const std::string_view candidate : candidates) {
    const std::size_t most = candidate.size() / 3;
    if (word.size() > candidate.size() + most) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance > most || (!best.empty() && distance >= best_distance)) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace weir
