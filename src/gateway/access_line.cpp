#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <ctime>
#include <iterator>

#include "core/text.hpp"
#include "gateway/access_log.hpp"

namespace weir::gateway {
namespace {

/// How many bytes at the front make one character in UTF-8; 0 if none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length == 0 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and what is beyond Unicode.
  const unsigned char second = byte(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  return length;
}

/// As the content of a JSON string. Bytes that are no UTF-8 become U+00NN.
void append_json_text(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    std::size_t used = 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c >= ' ' && c < 127) {
      out += c;
    } else if (const std::size_t length = utf8_length(text); length > 0) {
      out.append(text.substr(0, length));
      used = length;
    } else {
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("\\u{:04x}"),
                     static_cast<unsigned char>(c));
    }
    text.remove_prefix(used);
  }
}

/// As nginx and Apache write what a client sent; "-" for nothing.
void append_log_text(std::string& out, std::string_view text) {
  if (text.empty()) out += '-';
  for (const char c : text) {
    if (c >= ' ' && c < 127 && c != '"' && c != '\\') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("\\x{:02X}"),
                     static_cast<unsigned char>(c));
    }
  }
}

void append_peer(std::string& out, const AccessRecord& record) {
  if (!record.peer) {
    out += "unix:";
    return;
  }
  boost::asio::ip::address address = *record.peer;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  }
  out += address.to_string();
}

struct Member {
  std::string_view name;
  std::string_view text;
};

void append_json_line(std::string& out, const AccessRecord& record) {
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("{{\"time\":\"{}\",\"client\":\""),
                 format_instant(record.at));
  append_peer(out, record);
  out += '"';
  const std::array<Member, 6> members = {{{"method", record.method},
                                          {"target", record.target},
                                          {"host", record.host},
                                          {"user_agent", record.user_agent},
                                          {"referer", record.referer},
                                          {"denied_by", record.denied_by}}};
  for (const Member& member : members) {
    fmt::format_to(std::back_inserter(out), FMT_COMPILE(",\"{}\":\""), member.name);
    append_json_text(out, member.text);
    out += '"';
  }
  fmt::format_to(
      std::back_inserter(out),
      FMT_COMPILE(",\"protocol\":\"HTTP/1.{}\",\"status\":{},\"bytes\":{},\"duration_ns\":{},"
                  "\"delay_ns\":{},\"client_left\":{}}}\n"),
      record.version % 10, record.status, record.bytes, record.took.ns(), record.delay.ns(),
      record.client_left);
}

void append_log_time(std::string& out, Instant at) {
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = at.unix_ns() / 1'000'000'000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000"),
                 utc.tm_mday, months[static_cast<std::size_t>(utc.tm_mon)], 1900 + utc.tm_year,
                 utc.tm_hour, utc.tm_min, utc.tm_sec);
}

void append_combined_line(std::string& out, const AccessRecord& record) {
  append_peer(out, record);
  out += " - - [";
  append_log_time(out, record.at);
  out += "] \"";
  if (record.method.empty()) {
    out += '-';
  } else {
    append_log_text(out, record.method);
    out += ' ';
    append_log_text(out, record.target);
    fmt::format_to(std::back_inserter(out), FMT_COMPILE(" HTTP/1.{}"), record.version % 10);
  }
  // A client that left is 499, as nginx has it.
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("\" {:03} {} \""),
                 record.status == 0 ? 499 : record.status, record.bytes);
  append_log_text(out, record.referer);
  out += "\" \"";
  append_log_text(out, record.user_agent);
  out += "\"\n";
}

}  // namespace

void append_access_line(std::string& out, AccessLogFormat format, const AccessRecord& record) {
  if (format == AccessLogFormat::json) {
    append_json_line(out, record);
  } else {
    append_combined_line(out, record);
  }
}

}  // namespace weir::gateway
