#include <memory>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// Keeps every lease with the number of timer ticks before it; what was taken comes back a number
/// of ticks later.
class DotnetReference : public Reference {
 public:
  DotnetReference(const Parameters& p, Int128 period_ns, Int128 ticks, Instant start)
      : limit_(p.count("permit_limit")), period_(period_ns), ticks_(ticks), start_(start) {}

  Verdict decide(Instant at, Cost cost) override {
    const Int128 since_start = Int128{at.unix_ns()} - start_.unix_ns();
    Int128 tick = since_start / period_;
    while (tick * period_ > since_start) --tick;
    Int128 permits = limit_;
    for (auto lease = leases_.rbegin(); lease != leases_.rend(); ++lease) {
      if (lease->tick + ticks_ <= tick) break;
      permits -= lease->count;
    }
    const bool allowed = cost == 0 ? permits > 0 : permits >= cost;
    if (allowed) leases_.push_back({tick, cost});
    return {.allowed = allowed, .delay = {}};
  }

 private:
  struct Lease {
    Int128 tick;
    Cost count;
  };

  Int128 limit_;
  Int128 period_;
  Int128 ticks_;
  Instant start_;
  std::vector<Lease> leases_;
};

const bool dotnet_fixed_window_registered = register_case(
    {.id = "dotnet-fixed-window",
     .settings = {"permit_limit=5 window=1s", "permit_limit=100 window=1m",
                  "permit_limit=1 window=1ms", "permit_limit=3 window=1500ms",
                  "permit_limit=2147483647 window=366d"},
     .reference =
         [](const Parameters& p, const Environment& env) {
           return std::make_unique<DotnetReference>(p, p.duration("window").ns(), 1, env.start);
         },
     // It is denied where nothing is left.
     .zero_cost_is_free = false});

const bool dotnet_sliding_window_registered =
    register_case({.id = "dotnet-sliding-window",
                   .settings = {"permit_limit=5 window=1s segments_per_window=4",
                                "permit_limit=6 window=1s segments_per_window=3",
                                "permit_limit=100 window=1m segments_per_window=6",
                                "permit_limit=1 window=7ms segments_per_window=7",
                                "permit_limit=4 window=90s segments_per_window=1",
                                "permit_limit=2147483647 window=366d segments_per_window=11"},
                   .reference =
                       [](const Parameters& p, const Environment& env) {
                         const std::int64_t segments = p.count("segments_per_window");
                         const std::int64_t period_ms =
                             p.duration("window").ns() / segments / 1'000'000;
                         return std::make_unique<DotnetReference>(p, Int128{period_ms} * 1'000'000,
                                                                  segments, env.start);
                       },
                   .zero_cost_is_free = false});

}  // namespace
}  // namespace weir::limiter
