#include "load/curl_engine.hpp"

#include <fmt/format.h>

namespace weir::load {

// What only libcurl speaks is refused before anything is sent, until this engine is there.
Result<void> reach_by_curl(const RequestTemplate& requests, const scenario::TargetSpec&) {
  return fail(ErrorKind::cannot_run,
              fmt::format("{}: needs the engine libcurl, which this build has not got",
                          requests.url().origin()));
}

std::unique_ptr<Engine> make_curl_engine(const EngineContext&) { return nullptr; }

}  // namespace weir::load
