#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace weir::http {

/// An http or https URL, cut up.
struct Url {
  bool is_tls = false;
  /// "user:password", or empty.
  std::string user_info;
  /// Without the brackets of an IPv6 address.
  std::string host;
  std::uint16_t port = 80;
  /// As it stood: host and port, if there was one.
  std::string authority;
  /// From the first slash, or "/" with the query; without a fragment.
  std::string path;
  /// Whether there was one, other than "/".
  bool has_path = false;

  /// Scheme and authority, as they may be shown: without user and password.
  std::string origin() const { return (is_tls ? "https://" : "http://") + authority; }
};

/// The error names what is wrong.
Result<Url> parse_url(std::string_view text);

/// `--target`: its scheme and authority instead of the scenario's, or all of it if the scenario has
/// none or if it has a path itself.
std::string override_url(const std::string& scenario_url, const std::string& given);

}  // namespace weir::http
