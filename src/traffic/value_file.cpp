#include "traffic/value_file.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "core/text.hpp"
#include "traffic/lines.hpp"
#include "traffic/printable.hpp"
#include "traffic/read_file.hpp"

namespace weir::traffic {
namespace {

std::string_view without_comment_and_blanks(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(" \t") - begin + 1);
}

std::optional<double> finite_number(std::string_view text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<Duration> duration(std::string_view text) {
  const Parsed<Duration> parsed = parse_duration(text);
  return parsed ? std::optional<Duration>(*parsed) : std::nullopt;
}

/// What the lines of a file hold, in the words of its messages.
struct Expected {
  const char* many;
  const char* one;
};

template <class T>
Result<std::vector<T>> read_lines(const std::string& path,
                                  std::optional<T> (*parse)(std::string_view), Expected expected) {
  const Result<std::string> content = read_file(path);
  if (!content) return tl::unexpected(content.error());
  std::vector<T> values;
  LineReader lines(without_byte_order_mark(*content));
  while (lines.next()) {
    const std::string_view text = without_comment_and_blanks(lines.line());
    if (text.empty()) continue;
    const std::optional<T> value = parse(text);
    if (!value) {
      return fail(ErrorKind::cannot_run, fmt::format("{}:{}: {}: expected {}", path, lines.number(),
                                                     in_quotes(text), expected.one));
    }
    values.push_back(*value);
  }
  if (!values.empty()) return values;
  return fail(ErrorKind::cannot_run,
              fmt::format("{}: no {}; expected one a line", path, expected.many));
}

}  // namespace

Result<std::vector<std::string>> read_value_file(const std::string& path) {
  const Result<std::string> content = read_file(path);
  if (!content) return tl::unexpected(content.error());
  std::vector<std::string> values;
  LineReader lines(without_byte_order_mark(*content));
  while (lines.next()) {
    if (!lines.line().empty()) values.emplace_back(lines.line());
  }
  if (!values.empty()) return values;
  return fail(ErrorKind::cannot_run, fmt::format("{}: no values; expected one a line", path));
}

Result<std::vector<double>> read_number_file(const std::string& path) {
  return read_lines<double>(path, finite_number, {"numbers", "a number, such as 0.25"});
}

Result<std::vector<Duration>> read_duration_file(const std::string& path) {
  return read_lines<Duration>(path, duration, {"durations", "a duration, such as 250ms"});
}

}  // namespace weir::traffic
