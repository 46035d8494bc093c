#pragma once

#include <cstddef>
#include <string>

#include "core/time.hpp"
#include "http/url.hpp"

namespace weir::gateway {

/// Another server that answers what is admitted.
struct UpstreamSpec {
  /// Its path is put in front of the target of each request; http only.
  http::Url url;
  /// The client's header Host is passed on (as Caddy does); else it is the upstream's (as nginx
  /// does), and the client's is in X-Forwarded-Host.
  bool pass_host = false;
  /// Requests to change the protocol are passed on, and then bytes both ways; else they are
  /// refused.
  bool allow_upgrade = false;
  /// Tells upstream and client, with a header Via.
  bool via = false;
  Duration connect_timeout = Duration::from_seconds(5);
  Duration first_byte_timeout = Duration::from_seconds(60);
  /// Between two pieces of an answer.
  Duration idle_timeout = Duration::from_seconds(60);
  /// How long and how many connections of a thread are kept that have nothing to do.
  Duration keep_alive = Duration::from_seconds(30);
  std::size_t max_idle = 256;
};

}  // namespace weir::gateway
