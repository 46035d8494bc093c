#include "sweep/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "core/int128.hpp"
#include "core/math.hpp"

namespace weir::sweep {
namespace {

struct RangeText {
  std::string_view from;
  std::string_view to;
  std::int64_t steps = 0;
  bool logarithmic = false;
};

// ---- Lists

bool opens(char c) { return c == '[' || c == '{'; }
bool closes(char c) { return c == ']' || c == '}'; }

/// Where the commas are that part a list.
std::vector<std::size_t> parting_commas(std::string_view text) {
  std::vector<std::size_t> commas;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (opens(c) || closes(c)) {
      depth += opens(c) ? 1 : -1;
    } else if (c == ',' && depth == 0) {
      commas.push_back(i);
    }
  }
  return commas;
}

Parsed<std::vector<std::string>> parse_list(std::string_view text) {
  std::vector<std::size_t> commas = parting_commas(text);
  commas.push_back(text.size());
  std::vector<std::string> values;
  std::size_t begin = 0;
  for (const std::size_t comma : commas) {
    std::string value(text.substr(begin, comma - begin));
    if (value.empty()) return tl::unexpected(std::string("a value of the list is empty"));
    if (std::find(values.begin(), values.end(), value) == values.end()) {
      values.push_back(std::move(value));
    }
    begin = comma + 1;
  }
  return values;
}

// ---- Ranges

/// `part` of `whole` parts of the way between two whole numbers, to the nearest.
std::int64_t between(std::int64_t from, std::int64_t to, std::int64_t part, std::int64_t whole) {
  const Int128 way = (Int128{to} - from) * part;
  return static_cast<std::int64_t>(from + floor_div(2 * way + whole, Int128{2} * whole));
}

double between(double from, double to, bool logarithmic, double share) {
  if (!logarithmic) return from + (to - from) * share;
  return from * portable_exp((portable_log(to) - portable_log(from)) * share);
}

/// The inner values of a range between two whole numbers, in order; the ends are not among them.
Parsed<std::vector<std::int64_t>> inner_values(std::int64_t from, std::int64_t to,
                                               const RangeText& range) {
  if (range.logarithmic && (from <= 0 || to <= 0)) {
    return tl::unexpected(std::string("both ends of a range by factors must be above 0"));
  }
  std::vector<std::int64_t> values;
  for (std::int64_t i = 1; i < range.steps - 1; ++i) {
    if (!range.logarithmic) {
      values.push_back(between(from, to, i, range.steps - 1));
      continue;
    }
    const double share = static_cast<double>(i) / static_cast<double>(range.steps - 1);
    const double value = between(static_cast<double>(from), static_cast<double>(to), true, share);
    // A factor that rounds beyond the ends' own digits must not leave the range.
    const std::int64_t whole = std::llround(std::min(value, 9.2e18));
    values.push_back(std::clamp(whole, std::min(from, to), std::max(from, to)));
  }
  return values;
}

/// Ends as written, inner values as text, each once.
template <class Value, class Write>
std::vector<std::string> with_ends(const RangeText& range, const std::vector<Value>& inner,
                                   Value from, Value to, const Write& write) {
  std::vector<std::string> texts = {std::string(range.from)};
  Value last = from;
  for (const Value& value : inner) {
    if (value == last || value == to) continue;
    texts.push_back(write(value));
    last = value;
  }
  if (to != from) texts.emplace_back(range.to);
  return texts;
}

Parsed<std::vector<std::string>> whole_range(const RangeText& range, std::int64_t from,
                                             std::int64_t to) {
  const auto inner = inner_values(from, to, range);
  if (!inner) return tl::unexpected(inner.error());
  return with_ends(range, *inner, from, to, [](std::int64_t n) { return fmt::to_string(n); });
}

std::optional<double> as_decimal(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

Parsed<std::vector<std::string>> decimal_range(const RangeText& range, double from, double to) {
  if (range.logarithmic && (from <= 0 || to <= 0)) {
    return tl::unexpected(std::string("both ends of a range by factors must be above 0"));
  }
  std::vector<double> inner;
  for (std::int64_t i = 1; i < range.steps - 1; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(range.steps - 1);
    inner.push_back(between(from, to, range.logarithmic, share));
  }
  return with_ends(range, inner, from, to, [](double x) { return fmt::format("{:.6g}", x); });
}

struct DurationUnit {
  std::string_view name;
  std::int64_t ns = 0;
};

/// The last unit that a duration is written in; none of "0".
std::optional<DurationUnit> unit_of(std::string_view duration) {
  constexpr DurationUnit units[] = {{"ns", 1},
                                    {"us", 1'000},
                                    {"ms", 1'000'000},
                                    {"s", 1'000'000'000},
                                    {"m", 60'000'000'000},
                                    {"h", 3'600'000'000'000},
                                    {"d", 86'400'000'000'000},
                                    {"w", 604'800'000'000'000}};
  const std::size_t digit = duration.find_last_of("0123456789.");
  const std::string_view name = duration.substr(digit + 1);
  for (const DurationUnit& unit : units) {
    if (unit.name == name) return unit;
  }
  return std::nullopt;
}

std::string in_unit(std::int64_t thousandths, std::string_view unit) {
  std::string text = fmt::format("{}", thousandths / 1000);
  if (const std::int64_t rest = thousandths % 1000; rest != 0) {
    text += fmt::format(".{:03}", rest);
    while (text.back() == '0') text.pop_back();
  }
  return text.append(unit);
}

Parsed<std::vector<std::string>> duration_range(const RangeText& range, Duration from,
                                                Duration to) {
  std::optional<DurationUnit> unit = unit_of(range.from);
  const std::optional<DurationUnit> other = unit_of(range.to);
  if (!unit || (other && other->ns < unit->ns)) unit = other;
  if (!unit) return whole_range(range, 0, 0);
  auto inner = inner_values(from.ns(), to.ns(), range);
  if (!inner) return tl::unexpected(inner.error());
  const std::int64_t grain = std::max<std::int64_t>(1, unit->ns / 1000);
  for (std::int64_t& ns : *inner) ns = (ns / grain + (ns % grain * 2 >= grain ? 1 : 0)) * grain;
  return with_ends(range, *inner, from.ns(), to.ns(), [&](std::int64_t ns) {
    return in_unit(unit->ns < 1000 ? ns * 1000 : ns / grain, unit->name);
  });
}

Parsed<std::vector<std::string>> rate_range(const RangeText& range, const Rate& from,
                                            const Rate& to) {
  if (from.per != to.per) {
    return tl::unexpected(fmt::format("{} and {} have different periods; write both over the same",
                                      range.from, range.to));
  }
  constexpr std::uint64_t most = INT64_MAX;
  if (from.units > most || to.units > most) {
    return tl::unexpected(std::string("a rate is too large"));
  }
  const auto first = static_cast<std::int64_t>(from.units);
  const auto last = static_cast<std::int64_t>(to.units);
  const auto inner = inner_values(first, last, range);
  if (!inner) return tl::unexpected(inner.error());
  const std::string_view per = range.from.substr(range.from.find('/'));
  return with_ends(range, *inner, first, last,
                   [&](std::int64_t units) { return fmt::format("{}{}", units, per); });
}

Parsed<RangeText> split_range(std::string_view text) {
  constexpr const char* shape = "must be FROM..TO:STEPS, and :log behind it for even factors";
  RangeText range;
  const std::size_t dots = text.find("..");
  range.from = text.substr(0, dots);
  text.remove_prefix(dots + 2);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return tl::unexpected(std::string(shape));
  range.to = text.substr(0, colon);
  std::string_view steps = text.substr(colon + 1);
  if (const std::size_t word = steps.find(':'); word != std::string_view::npos) {
    if (steps.substr(word + 1) != "log") return tl::unexpected(std::string(shape));
    range.logarithmic = true;
    steps = steps.substr(0, word);
  }
  const auto count = parse_integer(steps);
  if (!count || *count < 2 || *count > most_steps) {
    return tl::unexpected(fmt::format("\"{}\" steps: must be a whole number from 2 to {}", steps,
                                      format_count(most_steps)));
  }
  range.steps = *count;
  return range;
}

Parsed<std::vector<std::string>> parse_range(std::string_view text) {
  const auto range = split_range(text);
  if (!range) return tl::unexpected(range.error());
  const auto from = parse_integer(range->from), to = parse_integer(range->to);
  if (from && to) return whole_range(*range, *from, *to);
  const auto low = as_decimal(range->from), high = as_decimal(range->to);
  if (low && high) return decimal_range(*range, *low, *high);
  const auto early = parse_duration(range->from), late = parse_duration(range->to);
  if (early && late) return duration_range(*range, *early, *late);
  const auto slow = parse_rate(range->from), fast = parse_rate(range->to);
  if (slow && fast) return rate_range(*range, *slow, *fast);
  for (const std::string_view end : {range->from, range->to}) {
    const std::size_t slash = end.find('/');
    if (slash == std::string_view::npos || !as_decimal(end.substr(0, slash))) continue;
    if (const auto rate = parse_rate(end); !rate) {
      return tl::unexpected(rate.error() + ", and for half of one: 1/2s");
    }
  }
  return tl::unexpected(
      fmt::format("\"{}\" and \"{}\" must both be numbers, durations (1s, 250ms) or rates (5/s)",
                  range->from, range->to));
}

bool is_range(std::string_view text) {
  return !text.empty() && text[0] != '"' && !opens(text[0]) && parting_commas(text).empty() &&
         text.find("..") != std::string_view::npos;
}

}  // namespace

Parsed<std::vector<std::string>> parse_values(std::string_view text) {
  return is_range(text) ? parse_range(text) : parse_list(text);
}

}  // namespace weir::sweep
