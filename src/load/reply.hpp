#pragma once

#include <cstdint>
#include <string_view>

#include "core/time.hpp"
#include "metrics/live_names.hpp"

namespace weir::load {

class RateLimitHeaders;

/// Why an attempt has no answer.
enum class Failure : std::uint8_t {
  none,
  refused,
  unreachable,
  no_local_port,
  no_file_descriptor,
  timeout_connect,
  timeout_first_byte,
  timeout,
  reset,
  closed_early,
  malformed,
  tls,
  other,
};
inline constexpr std::size_t failure_count = 13;
static_assert(metrics::live_error_names.size() == failure_count);

/// As it stands in a report.
constexpr std::string_view name_of(Failure failure) {
  if (failure == Failure::none) return "none";
  return metrics::live_error_names[static_cast<std::size_t>(failure) - 1];
}

/// What became of an attempt.
struct Reply {
  Failure failure = Failure::none;
  int status = 0;
  /// When its first byte was written and when the first byte of its answer came; what did not
  /// happen has the instant of the end.
  Instant written;
  Instant first_byte;
  Instant end;
  std::uint64_t body_bytes = 0;
  /// The rest of the body was not read.
  bool body_cut = false;
  /// The connection had been closed under it, and it was sent again on another.
  bool resent = false;
  /// Valid only while the reply is handed over; null without an answer.
  const RateLimitHeaders* headers = nullptr;
  /// Where somebody asked for them, and as long as the reply: the answer's header lines, each with
  /// its end, and its body without any transfer coding.
  std::string_view head_lines = {};
  std::string_view body = {};
};

}  // namespace weir::load
