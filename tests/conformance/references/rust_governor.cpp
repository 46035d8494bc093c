#include "conformance/references/draining_time.hpp"

namespace weir::limiter {
namespace {

const bool rust_governor_registered = register_case(
    {.id = "rust-governor",
     .settings = {"rate=1/s burst=5", "rate=3/s burst=1", "rate=30/1m burst=16",
                  "rate=999983/s burst=99", "rate=7/366d burst=7", "rate=100/10ns burst=5"},
     .reference = [](const Parameters& p, const Environment&) {
       const Rate rate = p.rate("rate");
       const Int128 interval = Int128{rate.per.ns()} / rate.units;
       return std::make_unique<DrainingTimeReference>(std::max(interval, Int128{1}),
                                                      Int128{p.count("burst")});
     }});

}  // namespace
}  // namespace weir::limiter
