#include "conformance/references/draining_time.hpp"

namespace weir::limiter {
namespace {

const bool redis_cell_registered = register_case(
    {.id = "redis-cell",
     .settings = {"max_burst=4 count=1 period=1s", "max_burst=0 count=3 period=1s",
                  "max_burst=15 count=30 period=1m", "max_burst=99 count=1000000007 period=2s",
                  "max_burst=7 count=7 period=366d", "max_burst=6 count=999983 period=3660d"},
     .reference = [](const Parameters& p, const Environment&) {
       const double period = static_cast<double>(p.duration("period").ns());
       const auto interval =
           static_cast<std::int64_t>(period / static_cast<double>(p.count("count")));
       return std::make_unique<DrainingTimeReference>(Int128{interval},
                                                      Int128{p.count("max_burst")} + 1);
     }});

}  // namespace
}  // namespace weir::limiter
