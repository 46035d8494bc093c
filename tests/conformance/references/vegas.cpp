#include "conformance/references/in_flight.hpp"

namespace weir::limiter {
namespace {

const bool vegas_registered =
    register_case({.id = "vegas",
                   .settings = {"", "initial_limit=7", "initial_limit=2000 max_concurrency=10"},
                   .reference = [](const Parameters& p, const Environment&) {
                     return std::make_unique<InFlightReference>(p.count("initial_limit"));
                   }});

}  // namespace
}  // namespace weir::limiter
