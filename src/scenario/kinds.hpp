#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "limiter/parameters.hpp"
#include "scenario/json_document.hpp"

namespace weir::scenario {

// Kinds of single values. Each knows how to read a value, how to write one back and its JSON
// Schema; the error of parse() says what was found and what would be right.

/// The largest whole number that every JSON reader keeps exact.
inline constexpr std::int64_t largest_exact = std::int64_t{1} << 53;

/// A whole number within bounds; 1e6 and 5.0 are whole.
Parsed<std::int64_t> parse_whole(const Json& json, std::int64_t min, std::int64_t max);

template <class Int>
struct Whole {
  using Value = Int;
  std::int64_t min = 0;
  std::int64_t max = largest_exact;

  Parsed<Int> parse(const Json& json) const {
    return parse_whole(json, min, max).map([](std::int64_t n) { return static_cast<Int>(n); });
  }
  Json write(Int value) const { return value; }
  Json schema() const { return {{"type", "integer"}, {"minimum", min}, {"maximum", max}}; }
};

/// A number from `min` to `max`, or only above `min`.
struct Number {
  using Value = double;
  double min = 0.0;
  double max = static_cast<double>(largest_exact);
  bool above_min = false;

  Parsed<double> parse(const Json& json) const;
  Json write(double value) const { return value; }
  Json schema() const;
};

/// A length of time; of a shortest of 1 ns its message says "longer than 0s".
struct Time {
  using Value = Duration;
  Duration min;
  Duration max = limiter::longest_window;

  Parsed<Duration> parse(const Json& json) const;
  Json write(Duration value) const { return format_duration(value); }
  Json schema() const;
};

inline constexpr Duration one_ns = Duration::from_ns(1);

/// How many there are in a period, at most one a nanosecond.
struct Speed {
  using Value = Rate;
  Parsed<Rate> parse(const Json& json) const;
  Json schema() const;
};

/// A point in time from 1970 to 2200, so that years of run fit behind it.
struct PointInTime {
  using Value = Instant;
  Parsed<Instant> parse(const Json& json) const;
  Json schema() const;
};

struct Flag {
  using Value = bool;
  Parsed<bool> parse(const Json& json) const;
  Json write(bool value) const { return value; }
  Json schema() const { return {{"type", "boolean"}}; }
};

/// Any string.
struct Text {
  using Value = std::string;
  Parsed<std::string> parse(const Json& json) const;
  Json schema() const { return {{"type", "string"}}; }
};

/// A string that is not empty.
struct Word {
  using Value = std::string;
  Parsed<std::string> parse(const Json& json) const;
  Json schema() const { return {{"type", "string"}, {"minLength", 1}}; }
};

/// Something's name in messages and reports: not empty, at most 200 bytes, no control characters;
/// where it names a file, no slash either.
struct Label {
  using Value = std::string;
  bool names_file = false;

  Parsed<std::string> parse(const Json& json) const;
  Json schema() const;
};

/// A name that a threshold's path can hold: letters, digits, "_" and "-".
struct PlainName {
  using Value = std::string;
  Parsed<std::string> parse(const Json& json) const;
  Json schema() const;
};

/// One of some words, each of which stands for a value.
template <class T>
struct Choice {
  using Value = T;
  std::vector<std::pair<std::string_view, T>> choices;

  std::vector<std::string_view> words() const {
    std::vector<std::string_view> out;
    for (const auto& [word, value] : choices) out.push_back(word);
    return out;
  }
  Parsed<T> parse(const Json& json) const;
  Json write(const T& value) const {
    for (const auto& [word, meaning] : choices) {
      if (meaning == value) return word;
    }
    return nullptr;
  }
  Json schema() const { return {{"enum", words()}}; }
};

/// The string if it is one of the words; the error lists them and the nearest.
Parsed<std::string> parse_word(const Json& json, const std::vector<std::string_view>& words);

/// "a", "a or b", "a, b or c", each in double quotes.
std::string quoted_list(const std::vector<std::string_view>& words);

/// The patterns of what parse_duration() and parse_rate() read.
const std::string& duration_pattern();
const std::string& rate_pattern();

template <class T>
Parsed<T> Choice<T>::parse(const Json& json) const {
  const Parsed<std::string> word = parse_word(json, words());
  if (!word) return tl::unexpected(word.error());
  for (const auto& [name, value] : choices) {
    if (name == *word) return value;
  }
  return tl::unexpected(std::string("must be one of the choices"));
}

}  // namespace weir::scenario
