#include "scenario/thresholds.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>
#include <utility>

namespace weir::scenario {
namespace {

constexpr std::string_view blanks = " \t";
constexpr std::string_view path_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";

/// Longer ones first, so that "<=" is not taken for "<".
constexpr std::array<std::pair<std::string_view, Comparison>, 6> comparisons{
    {{"<=", Comparison::less_or_equal},
     {">=", Comparison::greater_or_equal},
     {"==", Comparison::equal},
     {"!=", Comparison::not_equal},
     {"<", Comparison::less},
     {">", Comparison::greater}}};

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
}

std::string_view without_blanks(std::string_view text) {
  skip_blanks(text);
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

bool is_path(std::string_view path) {
  return !path.empty() && path.front() != '.' && path.back() != '.' &&
         path.find("..") == std::string_view::npos;
}

std::optional<double> parse_value(std::string_view text) {
  double number = 0.0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error == std::errc() && end == last && std::isfinite(number)) return number;
  const Parsed<Duration> duration = parse_duration(text);
  if (duration) return static_cast<double>(duration->ns());
  return std::nullopt;
}

tl::unexpected<std::string> wrong(std::string_view right, std::string_view found) {
  return tl::unexpected(fmt::format("must be {}, got {}", right, show(std::string(found))));
}

}  // namespace

Parsed<Threshold> parse_threshold(std::string_view text) {
  Threshold threshold;
  threshold.expression = text;
  std::string_view rest = without_blanks(text);
  const std::size_t path_end = std::min(rest.find_first_not_of(path_characters), rest.size());
  threshold.path = rest.substr(0, path_end);
  if (!is_path(threshold.path)) {
    return wrong("a report field, a comparison and a number such as \"totals.denied_ratio < 0.05\"",
                 text);
  }
  rest.remove_prefix(path_end);
  skip_blanks(rest);
  for (const auto& [sign, comparison] : comparisons) {
    if (rest.substr(0, sign.size()) != sign) continue;
    const std::string_view value_text = without_blanks(rest.substr(sign.size()));
    const std::optional<double> value = parse_value(value_text);
    if (!value) {
      return wrong(fmt::format("a number or a duration after {}", sign), value_text);
    }
    threshold.comparison = comparison;
    threshold.value = *value;
    return threshold;
  }
  return wrong(fmt::format("<, <=, >, >=, == or != after {}", threshold.path), rest);
}

Parsed<Threshold> ThresholdKind::parse(const Json& json) const {
  if (json.is_string()) return parse_threshold(json.get_ref<const std::string&>());
  return tl::unexpected("must be a string such as \"totals.denied_ratio < 0.05\", got " +
                        show(json));
}

Json ThresholdKind::schema() const {
  return {
      {"type", "string"},
      {"pattern",
       "^[ \\t]*[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*[ \\t]*(<=?|>=?|==|!=)[ \\t]*[0-9-][^<>=]*$"}};
}

}  // namespace weir::scenario
