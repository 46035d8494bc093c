#include "conformance/references/draining_time.hpp"

namespace weir::limiter {
namespace {

const bool go_throttled_registered =
    register_case({.id = "go-throttled",
                   .settings = {"rate=1/s max_burst=4", "rate=3/s max_burst=0",
                                "rate=30/1m max_burst=15", "rate=999983/s max_burst=99",
                                "rate=7/366d max_burst=7", "rate=9/10ns max_burst=5"},
                   .reference = [](const Parameters& p, const Environment&) {
                     const Rate rate = p.rate("rate");
                     return std::make_unique<DrainingTimeReference>(
                         Int128{rate.per.ns()} / rate.units, Int128{p.count("max_burst")} + 1);
                   }});

}  // namespace
}  // namespace weir::limiter
