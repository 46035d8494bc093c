#pragma once

#include <string>
#include <string_view>

#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// What a key's windows are counted from: multiples of the window since the Unix epoch, or the
/// key's own first request.
enum class Anchor { epoch, first_request };

inline ParameterSpec anchor_parameter(std::string_view description,
                                      std::string_view default_value) {
  return {.name = "anchor",
          .type = ParameterType::choice,
          .description = description,
          .default_value = default_value,
          .choices = {"epoch", "first-request"}};
}

inline Anchor anchor_of(const Parameters& p) {
  return p.choice("anchor") == "epoch" ? Anchor::epoch : Anchor::first_request;
}

/// The end of the window that `now` lies in, and with Anchor::first_request begins. A window holds
/// its beginning, not its end.
inline Instant window_end(Anchor anchor, Instant now, Duration window) {
  if (anchor == Anchor::first_request) return add_saturating(now, window);
  const std::int64_t elapsed = now.unix_ns() % window.ns();
  const std::int64_t remaining = elapsed < 0 ? -elapsed : window.ns() - elapsed;
  return add_saturating(now, Duration::from_ns(remaining));
}

}  // namespace weir::limiter
