#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/random.hpp"
#include "core/result.hpp"
#include "gateway/backend.hpp"
#include "gateway/server_options.hpp"
#include "traffic/spec.hpp"

namespace weir::gateway {

/// One answer to everything, from nobody else.
struct BuiltinAnswerSpec {
  int status = 200;
  std::string content_type = "text/plain";
  std::string body = "ok\n";
  /// Further header lines; each ends with CR LF.
  std::string headers;
  /// In nanoseconds; at once if there is none.
  std::optional<traffic::NumberDistribution> latency;
  std::uint64_t seed = 0;
};

/// What makes it, for each thread.
BackendFactory builtin_answer(BuiltinAnswerSpec spec);

}  // namespace weir::gateway
