#pragma once

#include "core/result.hpp"
#include "gateway/server_options.hpp"
#include "gateway/upstream_spec.hpp"

namespace weir::gateway {

/// What passes requests on, for each thread. Looks the host up, once.
Result<BackendFactory> upstream(UpstreamSpec spec);

}  // namespace weir::gateway
