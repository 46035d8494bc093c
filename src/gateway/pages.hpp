#pragma once

#include <functional>
#include <optional>
#include <string>

#include "gateway/request_view.hpp"

namespace weir::gateway {

/// An answer of the gateway's own.
struct Page {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  /// Further header lines; each ends with CR LF.
  std::string headers = {};
};

/// Pages that a listener serves itself: health, metrics, administration.
class Pages {
 public:
  virtual ~Pages() = default;
  /// Whether it answers this request; then calls `ready` once, at once or later on the same thread.
  virtual bool serve(const RequestView& request, std::function<void(Page&&)> ready) = 0;
  /// Whether it wants bodies.
  virtual bool needs_body() const { return false; }
};

}  // namespace weir::gateway
