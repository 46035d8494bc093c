#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "gateway/limit_headers.hpp"

namespace weir::gateway {

/// Why a request is not passed on.
struct Denial {
  int status = 429;
  /// A sentence without its full stop: "the limit "counter" (fixed-window limit=5 window=20s) is
  /// used up".
  std::string reason;
  /// The limit that denied; empty where none did.
  std::string limit;
  /// The cost that it charges; empty for requests.
  std::string cost;
  std::optional<Duration> wait;
};

struct DenialText {
  std::string content_type;
  std::string body;
};

/// What the client of a denied request reads: a problem of RFC 9457, or words if it would rather
/// have those by its Accept; in the error form of the API whose headers are spoken.
DenialText write_denial(const Denial& denial, std::string_view accept, HeaderStyle style);

}  // namespace weir::gateway
