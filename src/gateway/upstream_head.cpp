#include "gateway/upstream_head.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/verb.hpp>
#include <iterator>
#include <string_view>

#include "core/letter_case.hpp"
#include "gateway/answer_text.hpp"

namespace weir::gateway {
namespace {

namespace beast_http = boost::beast::http;
using beast_http::field;

/// What is said to the next one only (RFC 9110, 7.6.1).
bool is_for_one_hop(const beast_http::fields& headers, const beast_http::fields::value_type& line) {
  switch (line.name()) {
    case field::connection:
    case field::keep_alive:
    case field::proxy_connection:
    case field::proxy_authenticate:
    case field::proxy_authorization:
    case field::te:
    case field::trailer:
    case field::transfer_encoding:
    case field::upgrade:
      return true;
    default:
      break;
  }
  const auto connection = headers.equal_range(field::connection);
  for (auto at = connection.first; at != connection.second; ++at) {
    for (const auto& token : beast_http::token_list(at->value())) {
      if (same_in_any_case(token, line.name_string())) return true;
    }
  }
  return false;
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

/// What the gateway says itself.
bool is_replaced(field name, bool answer_is_read) {
  switch (name) {
    case field::host:
    case field::content_length:
    case field::expect:
      return true;
    case field::accept_encoding:
      return answer_is_read;
    default:
      return false;
  }
}

void append_forwarded(std::string& out, const Asker& asker) {
  const RequestHead& head = asker.head();
  std::string chain;
  const auto so_far = head.equal_range("X-Forwarded-For");
  for (auto at = so_far.first; at != so_far.second; ++at) {
    if (!chain.empty()) chain += ", ";
    chain.append(at->value());
  }
  if (const auto peer = asker.peer()) {
    if (!chain.empty()) chain += ", ";
    chain += peer->to_string();
  }
  if (!chain.empty()) append_line(out, "X-Forwarded-For", chain);
  if (head.find("X-Forwarded-Proto") == head.end()) append_line(out, "X-Forwarded-Proto", "http");
  if (head.find("X-Forwarded-Host") == head.end() && head.find(field::host) != head.end()) {
    append_line(out, "X-Forwarded-Host", head[field::host]);
  }
}

void append_framing(std::string& out, const Asker& asker) {
  const BodyFraming framing = body_framing(asker);
  if (framing == BodyFraming::chunked) out.append("Transfer-Encoding: chunked\r\n");
  if (framing == BodyFraming::length) {
    append_length(out, asker.has_body() ? *asker.body_length() : asker.body().size());
  }
}

std::string upstream_target(const UpstreamSpec& spec, std::string_view target) {
  std::string_view prefix = spec.url.path;
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!target.starts_with('/')) return std::string(target);
  return fmt::format("{}{}", prefix, target);
}

}  // namespace

BodyFraming body_framing(const Asker& asker) {
  if (asker.has_body()) {
    return asker.body_length() ? BodyFraming::length : BodyFraming::chunked;
  }
  if (!asker.body().empty()) return BodyFraming::length;
  // Some servers want to be told that there is nothing.
  const bool is_said = asker.head().find(field::content_length) != asker.head().end() ||
                       asker.head().find(field::transfer_encoding) != asker.head().end();
  return is_said ? BodyFraming::length : BodyFraming::none;
}

bool wants_upgrade(const RequestHead& head) {
  const auto upgrade = head.find(field::upgrade);
  if (head.version() < 11 || upgrade == head.end()) return false;
  if (same_in_any_case(upgrade->value(), "h2c")) return false;
  return beast_http::token_list(head[field::connection]).exists("upgrade");
}

std::string upstream_request_head(const UpstreamSpec& spec, const Asker& asker) {
  const RequestHead& head = asker.head();
  std::string out = fmt::format("{} {} HTTP/1.1\r\n", std::string_view(head.method_string()),
                                upstream_target(spec, head.target()));
  const bool passes_host = spec.pass_host && head.find(field::host) != head.end();
  append_line(out, "Host", passes_host ? std::string_view(head[field::host]) : spec.url.authority);
  const bool is_read = asker.answer_is_read();
  for (const auto& line : head) {
    const std::string_view name = line.name_string();
    if (is_replaced(line.name(), is_read) || is_for_one_hop(head, line) ||
        same_in_any_case(name, "X-Forwarded-For")) {
      continue;
    }
    append_line(out, name, line.value());
  }
  append_forwarded(out, asker);
  if (spec.via) append_line(out, "Via", head.version() < 11 ? "1.0 weir" : "1.1 weir");
  append_framing(out, asker);
  if (wants_upgrade(head)) {
    append_line(out, "Connection", "Upgrade");
    append_line(out, "Upgrade", head[field::upgrade]);
  }
  out.append("\r\n");
  return out;
}

std::string client_lines(const UpstreamSpec& spec, const ResponseHead& head) {
  std::string out;
  for (const auto& line : head) {
    const bool is_upgrade = head.result_int() == 101 && line.name() == field::upgrade;
    if (line.name() == field::content_length || (is_for_one_hop(head, line) && !is_upgrade)) {
      continue;
    }
    append_line(out, line.name_string(), line.value());
  }
  if (spec.via) append_line(out, "Via", head.version() < 11 ? "1.0 weir" : "1.1 weir");
  return out;
}

}  // namespace weir::gateway
