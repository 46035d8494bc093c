#include "gateway/answer_text.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <iterator>

#include "core/letter_case.hpp"

namespace weir::gateway {

std::string_view reason_of(int status) {
  namespace bhttp = boost::beast::http;
  return bhttp::obsolete_reason(bhttp::int_to_status(static_cast<unsigned>(status)));
}

void append_status_line(std::string& out, int status) {
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("HTTP/1.1 {} {}\r\n"), status,
                 reason_of(status));
}

void append_lines_but(std::string& out, std::string_view lines, std::string_view ours) {
  if (ours.empty()) {
    out.append(lines);
    return;
  }
  const auto next_line = [](std::string_view& text) {
    const std::size_t end = std::min(text.find("\r\n"), text.size() - 2) + 2;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    return line;
  };
  const auto name_of = [](std::string_view line) { return line.substr(0, line.find(':')); };
  while (lines.size() > 2) {
    const std::string_view line = next_line(lines);
    bool is_ours = false;
    for (std::string_view rest = ours; rest.size() > 2 && !is_ours;) {
      is_ours = same_in_any_case(name_of(next_line(rest)), name_of(line));
    }
    if (!is_ours) out.append(line);
  }
}

void append_length(std::string& out, std::uint64_t length) {
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("Content-Length: {}\r\n"), length);
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("{:x}\r\n"), bytes.size());
  out.append(bytes);
  out.append("\r\n");
}

std::string_view DateLine::now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &time);
  if (time.tv_sec == second_) return line_;
  second_ = time.tv_sec;
  constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  ::gmtime_r(&second_, &utc);
  line_ = fmt::format("Date: {}, {:02} {} {} {:02}:{:02}:{:02} GMT\r\n",
                      days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                      months[static_cast<std::size_t>(utc.tm_mon)], 1900 + utc.tm_year, utc.tm_hour,
                      utc.tm_min, utc.tm_sec);
  return line_;
}

int status_of(BadRequest fault) {
  switch (fault) {
    case BadRequest::malformed:
    case BadRequest::bad_host:
    case BadRequest::bad_framing:
      return 400;
    case BadRequest::head_too_large:
      return 431;
    case BadRequest::target_too_long:
      return 414;
    case BadRequest::body_too_large:
      return 413;
    case BadRequest::unknown_coding:
    case BadRequest::refused_upgrade:
      return 501;
    case BadRequest::bad_version:
      return 505;
    case BadRequest::bad_method:
      return 405;
    case BadRequest::timeout:
      return 408;
  }
  return 400;
}

std::string_view text_of(BadRequest fault) {
  switch (fault) {
    case BadRequest::malformed:
      return "This is no HTTP request.\n";
    case BadRequest::bad_host:
      return "A request needs one header Host.\n";
    case BadRequest::bad_framing:
      return "The length of the body is not clear.\n";
    case BadRequest::head_too_large:
      return "The headers are too long.\n";
    case BadRequest::target_too_long:
      return "The path is too long.\n";
    case BadRequest::body_too_large:
      return "The body is too long.\n";
    case BadRequest::unknown_coding:
      return "The only transfer coding known here is chunked.\n";
    case BadRequest::bad_version:
      return "Only HTTP/1.0 and HTTP/1.1 are spoken here.\n";
    case BadRequest::bad_method:
      return "This is no proxy for CONNECT.\n";
    case BadRequest::refused_upgrade:
      return "Other protocols are not passed on here.\n";
    case BadRequest::timeout:
      return "The request did not come in time.\n";
  }
  return "";
}

}  // namespace weir::gateway
