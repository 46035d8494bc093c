#include "conformance/references/in_flight.hpp"

namespace weir::limiter {
namespace {

const bool aimd_registered = register_case(
    {.id = "aimd",
     .settings = {"", "initial_limit=3 timeout=1s", "initial_limit=1", "initial_limit=2147483647"},
     .reference = [](const Parameters& p, const Environment&) {
       return std::make_unique<InFlightReference>(p.count("initial_limit"));
     }});

}  // namespace
}  // namespace weir::limiter
