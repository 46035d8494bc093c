#include "http/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace weir::http {
namespace {

// Without the text itself, which may hold a password or a key.
tl::unexpected<Error> wrong(std::string_view why) {
  return fail(ErrorKind::usage,
              fmt::format("the URL: {}, it must be such as http://127.0.0.1:8080/path", why));
}

/// The port behind a colon, which may be empty; false if it is none.
bool read_port(std::string_view digits, std::uint16_t& port) {
  if (digits.empty()) return true;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return false;
  if (number == 0 || number > 65'535) return false;
  port = static_cast<std::uint16_t>(number);
  return true;
}

/// Splits "host:port" or "[::1]:port".
bool read_authority(std::string_view authority, Url& url) {
  std::string_view host = authority;
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == authority.npos) return false;
    host = authority.substr(1, close - 1);
    const std::string_view rest = authority.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return false;
    port = rest.empty() ? rest : rest.substr(1);
  } else if (const std::size_t colon = authority.find(':'); colon != authority.npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
  }
  url.host = host;
  return !host.empty() && read_port(port, url.port);
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    url.is_tls = true;
    url.port = 443;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return wrong("not an http or https URL");
  }
  const bool has_blank =
      std::any_of(rest.begin(), rest.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; });
  if (has_blank) return wrong("a URL has no blanks");
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, end);
  rest.remove_prefix(end);
  if (const std::size_t at = authority.rfind('@'); at != authority.npos) {
    url.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  if (authority.find('{') != authority.npos) return wrong("no {NAME} can stand for the host");
  if (!read_authority(authority, url)) return wrong("its host or port is not right");
  url.authority = authority;
  rest = rest.substr(0, rest.find('#'));
  url.has_path = !rest.empty() && rest != "/";
  url.path = fmt::format("{}{}", rest.starts_with('/') ? "" : "/", rest);
  return url;
}

std::string override_url(const std::string& scenario_url, const std::string& given) {
  if (given.empty()) return scenario_url;
  if (scenario_url.empty()) return given;
  const auto ours = parse_url(given);
  const auto theirs = parse_url(scenario_url);
  if (!ours || !theirs || ours->has_path || !theirs->has_path) return given;
  const std::string without_slash =
      given.ends_with('/') ? given.substr(0, given.size() - 1) : given;
  return without_slash + theirs->path;
}

}  // namespace weir::http
