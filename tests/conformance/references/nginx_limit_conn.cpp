#include "conformance/references/in_flight.hpp"

namespace weir::limiter {
namespace {

const bool nginx_limit_conn_registered =
    register_case({.id = "nginx-limit-conn",
                   .settings = {"limit=1", "limit=7", "limit=65535"},
                   .reference = [](const Parameters& p, const Environment&) {
                     return std::make_unique<InFlightReference>(p.count("limit"));
                   }});

}  // namespace
}  // namespace weir::limiter
