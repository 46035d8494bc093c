#pragma once

#include <memory>

#include "core/result.hpp"
#include "load/engine.hpp"

namespace weir::load {

/// What libcurl speaks: TLS, HTTP/2, proxies, compression, Unix sockets; its multi interface on the
/// thread's loop.
std::unique_ptr<Engine> make_curl_engine(const EngineContext& context);

/// Opens a connection to the target as the engine would, TLS included, and sends nothing.
Result<void> reach_by_curl(const RequestTemplate& requests, const scenario::TargetSpec& target);

}  // namespace weir::load
