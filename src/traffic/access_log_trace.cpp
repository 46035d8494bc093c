#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "traffic/lines.hpp"
#include "traffic/printable.hpp"
#include "traffic/trace_builder.hpp"
#include "traffic/trace_fields.hpp"
#include "traffic/trace_formats.hpp"

namespace weir::traffic {
namespace {

using Problem = std::optional<std::string>;

/// One line: HOST IDENT USER [TIME] "REQUEST" STATUS SIZE, and what follows.
struct LogLine {
  std::string_view host, user, time, request, status, size, rest;
};

/// Takes the text up to `end` from the front of `rest`, and `end` with it.
std::optional<std::string_view> take_until(std::string_view& rest, std::string_view end) {
  const std::size_t at = rest.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(at + end.size());
  return taken;
}

std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  return word;
}

/// Takes the text before the next quote that has no backslash in front, and the quote with it.
std::optional<std::string_view> take_quoted(std::string_view& rest) {
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '\\') {
      ++i;
    } else if (rest[i] == '"') {
      const std::string_view taken = rest.substr(0, i);
      rest.remove_prefix(i + 1);
      return taken;
    }
  }
  return std::nullopt;
}

/// The line cut into its parts, or nothing where it has another form. A user may have blanks.
std::optional<LogLine> cut(std::string_view line) {
  LogLine parts;
  std::string_view rest = line;
  parts.host = take_word(rest);
  const std::string_view ident = take_word(rest);
  const auto user = take_until(rest, " [");
  const auto time = take_until(rest, "] \"");
  const auto request = take_quoted(rest);
  if (parts.host.empty() || ident.empty() || !user || !time || !request) return std::nullopt;
  if (!rest.starts_with(' ')) return std::nullopt;
  rest.remove_prefix(1);
  parts.user = *user;
  parts.time = *time;
  parts.request = *request;
  parts.status = take_word(rest);
  parts.size = take_word(rest);
  parts.rest = rest;
  return parts;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The number that `count` digits at `at` make, or -1.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (!is_digit(text[i])) return -1;
    value = 10 * value + (text[i] - '0');
  }
  return value;
}

/// From 1, or 0 where the name is none of them.
unsigned month_of(std::string_view name) {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  unsigned month = 0;
  for (std::size_t at = 0; at < months.size(); at += 3) {
    ++month;
    if (months.substr(at, 3) == name) return month;
  }
  return 0;
}

int days_in_month(int year, unsigned month) {
  constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/// "+0200" in seconds.
std::optional<int> offset_seconds(std::string_view text) {
  const int hours = digits(text, 1, 2);
  const int minutes = digits(text, 3, 2);
  const bool has_sign = text[0] == '+' || text[0] == '-';
  if (!has_sign || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  const int seconds = 3600 * hours + 60 * minutes;
  return text[0] == '-' ? -seconds : seconds;
}

/// "17/May/2015:10:05:03 +0000".
std::optional<Instant> read_log_time(std::string_view text) {
  constexpr std::string_view form = "00/Mmm/0000:00:00:00 +0000";
  if (text.size() != form.size() || text[2] != '/' || text[6] != '/' || text[11] != ':' ||
      text[14] != ':' || text[17] != ':' || text[20] != ' ') {
    return std::nullopt;
  }
  const int day = digits(text, 0, 2);
  const unsigned month = month_of(text.substr(3, 3));
  const int year = digits(text, 7, 4);
  const int hour = digits(text, 12, 2);
  const int minute = digits(text, 15, 2);
  const int second = digits(text, 18, 2);
  const std::optional<int> offset = offset_seconds(text.substr(21));
  if (month == 0 || year < 1824 || year > 2115 || day < 1 || day > days_in_month(year, month)) {
    return std::nullopt;
  }
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || !offset) {
    return std::nullopt;
  }
  const std::int64_t days = days_from_civil(year, month, static_cast<unsigned>(day));
  const int second_of_day = 3600 * hour + 60 * minute + second;
  return Instant::from_unix_seconds(86400 * days + second_of_day - *offset);
}

/// A character of a method's name (RFC 9110, token).
bool is_token_character(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || is_digit(c) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// The path of a request's target in any of its four forms (RFC 9112, 3.2); empty for anything
/// else.
std::string_view path_of(std::string_view method, std::string_view target) {
  if (method == "CONNECT" || target == "*") return target;
  if (!target.starts_with('/')) {
    const std::size_t scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) return {};
    target.remove_prefix(scheme_end + 3);
    const std::size_t host_end = target.find_first_of("/?");
    if (host_end == std::string_view::npos || target[host_end] == '?') return "/";
    target.remove_prefix(host_end);
  }
  return target.substr(0, target.find('?'));
}

struct RequestLine {
  std::string_view method = "-";
  std::string_view path = "-";
};

/// Servers log whatever they were sent, so a line that is no request is no fault of the log.
RequestLine read_request_line(std::string_view text) {
  std::string_view target = text;
  const std::string_view method = take_word(target);
  if (method.empty() || !std::all_of(method.begin(), method.end(), is_token_character)) return {};
  const std::size_t last_blank = target.rfind(' ');
  if (last_blank != std::string_view::npos) {
    if (!target.substr(last_blank + 1).starts_with("HTTP/")) return {};
    target = target.substr(0, last_blank);
  }
  const std::string_view path = path_of(method, target);
  if (path.empty()) return {};
  return {method, path};
}

bool is_status(std::string_view text) {
  return text == "-" || (text.size() == 3 && digits(text, 0, 3) >= 0);
}

enum class LogKind { common, combined };

Problem check_rest(LogKind kind, std::string_view rest) {
  if (kind == LogKind::common && rest.find_first_not_of(" \t") != std::string_view::npos) {
    return fmt::format("{} after the size; expected nothing there (is it a combined log?)",
                       in_quotes(rest));
  }
  if (kind == LogKind::combined && !rest.starts_with('"')) {
    return fmt::format(
        "{} after the size; expected a quoted referer and user agent (is it a common log?)",
        in_quotes(rest));
  }
  return std::nullopt;
}

Problem add_line(LogKind kind, std::string_view line, TraceBuilder& builder) {
  const std::optional<LogLine> parts = cut(line);
  if (!parts) {
    return fmt::format("{}: expected HOST IDENT USER [TIME] \"REQUEST\" STATUS SIZE",
                       in_quotes(line));
  }
  const std::optional<Instant> at = read_log_time(parts->time);
  if (!at) {
    return fmt::format("time {}: expected one such as 17/May/2015:10:05:03 +0000",
                       in_quotes(parts->time));
  }
  if (!is_status(parts->status)) {
    return fmt::format("status {}: expected three digits or -", in_quotes(parts->status));
  }
  const Parsed<std::int64_t> size =
      parts->size == "-" ? Parsed<std::int64_t>(0) : read_amount("size", parts->size);
  if (!size) return size.error() + ", or -";
  if (auto problem = check_rest(kind, parts->rest)) return problem;

  const RequestLine request = read_request_line(parts->request);
  const std::array<std::string_view, 5> values = {parts->host, parts->user, request.method,
                                                  request.path, parts->status};
  builder.add_row(*at, values, std::array<std::int64_t, 1>{*size});
  return std::nullopt;
}

Result<Trace> parse_log(LogKind kind, std::string_view content, std::string_view name,
                        const TraceOptions& options) {
  TraceBuilder builder(name, options);
  for (const char* attribute : {"ip", "user", "method", "path", "status"}) {
    builder.add_attribute(attribute);
  }
  builder.add_cost("bytes");
  LineReader lines(content);
  while (lines.next()) {
    if (lines.line().empty()) continue;
    const Problem problem = add_line(kind, lines.line(), builder);
    if (!problem) continue;
    if (const auto error = builder.reject_row(lines.number(), *problem)) {
      return tl::unexpected(*error);
    }
  }
  return std::move(builder).finish();
}

}  // namespace

Result<Trace> parse_common_log_trace(std::string_view content, std::string_view name,
                                     const TraceOptions& options) {
  return parse_log(LogKind::common, content, name, options);
}

Result<Trace> parse_combined_log_trace(std::string_view content, std::string_view name,
                                       const TraceOptions& options) {
  return parse_log(LogKind::combined, content, name, options);
}

}  // namespace weir::traffic
