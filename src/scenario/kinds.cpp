#include "scenario/kinds.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace weir::scenario {
namespace {

tl::unexpected<std::string> must_be(std::string_view right, const Json& found) {
  return tl::unexpected(fmt::format("must be {}, got {}", right, show(found)));
}

/// The number if it has no fraction and fits.
std::optional<std::int64_t> as_integer(const Json& json) {
  if (json.is_number_unsigned()) {
    const auto n = json.get<std::uint64_t>();
    if (n > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return std::numeric_limits<std::int64_t>::max();
    }
    return static_cast<std::int64_t>(n);
  }
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (!json.is_number_float()) return std::nullopt;
  const double d = json.get<double>();
  constexpr auto limit = static_cast<double>(std::numeric_limits<std::int64_t>::max());
  if (std::trunc(d) != d) return std::nullopt;
  if (d >= limit) return std::numeric_limits<std::int64_t>::max();
  if (d <= -limit) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(d);
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

constexpr std::size_t longest_name = 200;

/// One or more numbers with a unit, larger units first.
std::string amounts_pattern() {
  std::string out = "(?=[0-9])";
  for (const char* unit : {"w", "d", "h", "m", "s", "ms", "us", "ns"}) {
    out += fmt::format("([0-9]+(\\.[0-9]+)?{})?", unit);
  }
  return out;
}

Json pattern(const std::string& regex) { return {{"type", "string"}, {"pattern", regex}}; }

}  // namespace

Parsed<std::int64_t> parse_whole(const Json& json, std::int64_t min, std::int64_t max) {
  const std::optional<std::int64_t> n = as_integer(json);
  if (!n) return must_be("a whole number", json);
  if (*n < min || *n > max) return must_be(fmt::format("from {} to {}", min, max), json);
  return *n;
}

Parsed<double> Number::parse(const Json& json) const {
  if (!json.is_number()) return must_be("a number", json);
  const auto value = json.get<double>();
  const bool large_enough = above_min ? value > min : value >= min;
  if (!large_enough || value > max) {
    return must_be(above_min ? fmt::format("above {} and at most {}", min, max)
                             : fmt::format("from {} to {}", min, max),
                   json);
  }
  return value;
}

Json Number::schema() const {
  return {{"type", "number"}, {above_min ? "exclusiveMinimum" : "minimum", min}, {"maximum", max}};
}

Parsed<Duration> Time::parse(const Json& json) const {
  if (!json.is_string()) return must_be("a duration such as \"250ms\"", json);
  const Parsed<Duration> d = parse_duration(json.get_ref<const std::string&>());
  if (!d) return d;
  if (*d < min && min == one_ns) return must_be("longer than 0s", json);
  if (*d < min) return must_be("at least " + format_duration(min), json);
  if (*d > max) return must_be("at most " + format_duration(max), json);
  return d;
}

Json Time::schema() const { return pattern(duration_pattern()); }

Parsed<Rate> Speed::parse(const Json& json) const {
  if (!json.is_string()) return must_be("a rate such as \"100/s\"", json);
  const Parsed<Rate> rate = parse_rate(json.get_ref<const std::string&>());
  if (rate && rate->units > static_cast<std::uint64_t>(rate->per.ns())) {
    return must_be("at most 1000000000/s", json);
  }
  return rate;
}

Json Speed::schema() const { return pattern(rate_pattern()); }

Parsed<Instant> PointInTime::parse(const Json& json) const {
  constexpr auto latest = Instant::from_unix_seconds(7'258'118'400);
  if (!json.is_string()) return must_be("an instant such as \"2026-01-01T00:00:00Z\"", json);
  const Parsed<Instant> at = parse_instant(json.get_ref<const std::string&>());
  if (at && (*at < Instant() || *at > latest)) {
    return must_be(fmt::format("from {} to {}", format_instant(Instant()), format_instant(latest)),
                   json);
  }
  return at;
}

Json PointInTime::schema() const {
  return pattern(
      "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?"
      "([Zz]|[+-][0-9]{2}:[0-9]{2})?$");
}

Parsed<bool> Flag::parse(const Json& json) const {
  if (!json.is_boolean()) return must_be("true or false", json);
  return json.get<bool>();
}

Parsed<std::string> Text::parse(const Json& json) const {
  if (!json.is_string()) return must_be("a string", json);
  return json.get<std::string>();
}

Parsed<std::string> Word::parse(const Json& json) const {
  if (!json.is_string()) return must_be("a string", json);
  if (json.get_ref<const std::string&>().empty())
    return must_be("a string that is not empty", json);
  return json.get<std::string>();
}

Parsed<std::string> Label::parse(const Json& json) const {
  Parsed<std::string> name = Word{}.parse(json);
  if (!name) return name;
  if (std::any_of(name->begin(), name->end(), is_control)) {
    return must_be("without control characters", json);
  }
  if (names_file && name->find('/') != std::string::npos) {
    return must_be("without \"/\", because reports are named after it", json);
  }
  if (name->size() > longest_name) {
    return must_be(fmt::format("at most {} bytes long", longest_name), json);
  }
  return name;
}

Json Label::schema() const {
  Json out = pattern(names_file ? "^[^/\\u0000-\\u001f\\u007f]+$" : "^[^\\u0000-\\u001f\\u007f]+$");
  out["maxLength"] = longest_name;
  return out;
}

Parsed<std::string> PlainName::parse(const Json& json) const {
  Parsed<std::string> name = Label{}.parse(json);
  if (name && !std::all_of(name->begin(), name->end(), is_name_character)) {
    return must_be("letters, digits, \"_\" and \"-\" only", json);
  }
  return name;
}

Json PlainName::schema() const {
  Json out = pattern("^[A-Za-z0-9_-]+$");
  out["maxLength"] = longest_name;
  return out;
}

Parsed<std::string> parse_word(const Json& json, const std::vector<std::string_view>& words) {
  if (!json.is_string()) return must_be(quoted_list(words), json);
  const auto& word = json.get_ref<const std::string&>();
  if (std::find(words.begin(), words.end(), word) != words.end()) return word;
  const std::string_view near = nearest(word, words);
  const std::string hint = near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near);
  return tl::unexpected(must_be(quoted_list(words), json).value() + hint);
}

std::string quoted_list(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += fmt::format("\"{}\"", words[i]);
  }
  return out;
}

const std::string& duration_pattern() {
  static const std::string regex = "^(0|" + amounts_pattern() + ")$";
  return regex;
}

const std::string& rate_pattern() {
  static const std::string regex = "^[0-9]+/(w|d|h|m|s|ms|us|ns|" + amounts_pattern() + ")$";
  return regex;
}

}  // namespace weir::scenario
