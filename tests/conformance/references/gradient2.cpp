#include "conformance/references/in_flight.hpp"

namespace weir::limiter {
namespace {

const bool gradient2_registered =
    register_case({.id = "gradient2",
                   .settings = {"", "initial_limit=5 min_limit=1", "initial_limit=300"},
                   .reference = [](const Parameters& p, const Environment&) {
                     return std::make_unique<InFlightReference>(p.count("initial_limit"));
                   }});

}  // namespace
}  // namespace weir::limiter
