#pragma once

#include <curl/curl.h>

#include <string_view>

#include "load/reply.hpp"

namespace weir::load {

/// What libcurl knows of a transfer that failed.
struct CurlProblem {
  CURLcode result = CURLE_OK;
  /// CURLINFO_OS_ERRNO; 0 where the operating system had no part in it.
  int os_error = 0;
  /// The status with which a proxy refused a tunnel; 0 if none did.
  long tunnel_status = 0;
  /// What stands in CURLOPT_ERRORBUFFER.
  std::string_view text = {};
};

/// What it means for the attempt that met it.
Failure failure_of(const CurlProblem& problem);

}  // namespace weir::load
