#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "scenario/identification.hpp"

namespace weir::scenario {

/// What sends requests: native is HTTP/1.1 without TLS, libcurl everything; automatic takes native
/// where that can.
enum class EngineChoice { automatic, native, libcurl };

enum class HttpVersion { automatic, http1, http2 };

/// A text that stands in the scenario, or in a file or an environment variable because it is a
/// secret; those are read only when requests are to be sent.
struct TextSource {
  enum class Kind { text, file, environment };
  Kind kind = Kind::text;
  std::string text;
};

/// The live audit of Retry-After: for a share of the denials a request is sent at the promised
/// instant; and so many keys of its own are driven to a denial, to ask shortly before it as well.
struct AuditSpec {
  double share = 0.05;
  std::int64_t keys = 2;
};

/// Where requests are sent, and how. Texts may hold {NAME}: an attribute or cost of the request, or
/// {operation}, its number.
struct TargetSpec {
  std::string url;
  /// Empty: GET, or POST with a body.
  std::string method;
  std::map<std::string, TextSource> headers;
  TextSource body;
  /// By attribute or cost, where the gateway finds it.
  std::map<std::string, Identification> identify;
  EngineChoice engine = EngineChoice::automatic;
  HttpVersion http = HttpVersion::automatic;
  /// The most at once, all threads together.
  std::int64_t connections = 64;
  /// For the whole exchange; the others end with it where they are absent.
  Duration timeout = Duration::from_seconds(5);
  std::optional<Duration> connect_timeout;
  std::optional<Duration> first_byte_timeout;
  /// A request that is still waiting for a connection so long after it was due is never sent.
  Duration max_lateness = Duration::from_seconds(5);
  /// Statuses that mean denied; empty: those of the policy. And what means allowed beside 2xx and
  /// 3xx.
  std::vector<std::int64_t> denied;
  std::vector<std::int64_t> allowed;
  AuditSpec audit;
  std::optional<std::int64_t> max_requests;
  /// By name of the cost: the run ends before the sum would pass it.
  std::map<std::string, std::int64_t> max_cost;
  /// Of a body in bytes; what comes after is not read.
  std::int64_t max_body = std::int64_t{16} << 20;
  bool insecure = false;
  bool compressed = false;
  std::string ca_file, certificate, private_key;
  std::string proxy;
  std::string unix_socket;
};

/// A text cut up at its {NAME}s.
struct TemplatePart {
  bool is_name = false;
  std::string text;
  bool operator==(const TemplatePart&) const = default;
};

/// {NAME} is a letter or "_", then letters, digits, "_", "." and "-"; any other brace is text, so
/// that JSON can be written as it is.
std::vector<TemplatePart> parse_template(std::string_view text);

}  // namespace weir::scenario
