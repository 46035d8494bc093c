#include "store/redis_options.hpp"

#include <fmt/format.h>

#include <charconv>

#include "core/percent.hpp"

namespace weir::store {
namespace {

template <class Int>
bool parse_whole(std::string_view text, Int& number) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stopped == end;
}

tl::unexpected<std::string> wrong_url(std::string_view what) {
  return tl::unexpected(fmt::format(
      "{}; write redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE] or unix:///PATH", what));
}

/// Takes a final ":PORT" off `host`, where there is one.
bool take_port(std::string_view& host, std::uint16_t& port) {
  const std::size_t colon = host.rfind(':');
  const std::size_t bracket = host.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && bracket > colon)) {
    return true;
  }
  const bool right = parse_whole(host.substr(colon + 1), port) && port > 0;
  host = host.substr(0, colon);
  return right;
}

}  // namespace

std::string RedisNode::name() const {
  const std::string place = path.empty() ? fmt::format("{}:{}", host, port) : path;
  return database == 0 ? place : fmt::format("{}/{}", place, database);
}

Parsed<RedisNode> parse_redis_url(std::string_view url) {
  RedisNode node;
  constexpr std::string_view of_socket = "unix://";
  constexpr std::string_view of_host = "redis://";
  if (url.substr(0, of_socket.size()) == of_socket) {
    node.path = url.substr(of_socket.size());
    if (node.path.empty() || node.path[0] != '/') return wrong_url("has no absolute path");
    return node;
  }
  if (url.substr(0, of_host.size()) != of_host) {
    return wrong_url("is neither a redis:// nor a unix:// URL");
  }
  url.remove_prefix(of_host.size());
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    const std::string_view login = url.substr(0, at);
    url.remove_prefix(at + 1);
    const std::size_t colon = login.find(':');
    if (colon == std::string_view::npos) return wrong_url("has a user without a password");
    node.user = percent_decoded(login.substr(0, colon));
    node.password = percent_decoded(login.substr(colon + 1));
  }
  const std::size_t slash = url.find('/');
  if (slash != std::string_view::npos && slash + 1 < url.size() &&
      !parse_whole(url.substr(slash + 1), node.database)) {
    return wrong_url("has a database that is no number");
  }
  std::string_view host = url.substr(0, slash);
  if (!take_port(host, node.port)) return wrong_url("has a port that is none");
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (host.empty()) return wrong_url("has no host");
  node.host = host;
  return node;
}

}  // namespace weir::store
