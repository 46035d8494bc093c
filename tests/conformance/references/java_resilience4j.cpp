#include <algorithm>
#include <map>
#include <memory>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// Every cycle has its own permissions: a request takes what is left of the current one's, then of
/// the next one's, and waits until the cycle begins that its last permission is of.
class Resilience4jReference : public Reference {
 public:
  Resilience4jReference(const Parameters& p, const Environment& env)
      : limit_(p.count("limit_for_period")),
        period_(p.duration("limit_refresh_period").ns()),
        timeout_(p.duration("timeout").ns()),
        start_(env.start.unix_ns()) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now = at.unix_ns() - start_;
    Int128 cycle = now / period_;
    std::map<Int128, Int128> used = used_;
    for (Int128 wanted = cost; wanted > 0; ++cycle) {
      const Int128 take = std::min(wanted, limit_ - used[cycle]);
      used[cycle] += take;
      wanted -= take;
      if (wanted == 0) break;
      if ((cycle + 1) * period_ - now > timeout_) return {.allowed = false, .delay = {}};
    }
    used.erase(used.begin(), used.lower_bound(now / period_));
    used_ = used;
    const Int128 wait = std::max(cycle * period_ - now, Int128{0});
    return {.allowed = true, .delay = Duration::from_ns(static_cast<std::int64_t>(wait))};
  }

 private:
  Int128 limit_;
  Int128 period_;
  Int128 timeout_;
  Int128 start_;
  std::map<Int128, Int128> used_;
};

const bool java_resilience4j_registered =
    register_case({.id = "java-resilience4j",
                   .settings = {"limit_for_period=10 limit_refresh_period=1s timeout=0s",
                                "limit_for_period=3 limit_refresh_period=1s timeout=2500ms",
                                "limit_for_period=1 limit_refresh_period=7ms timeout=70ms",
                                "limit_for_period=50 limit_refresh_period=500ns timeout=5us",
                                "limit_for_period=4 limit_refresh_period=1m timeout=1s",
                                "limit_for_period=2 limit_refresh_period=3ns timeout=1ns"},
                   .reference = [](const Parameters& p, const Environment& env) {
                     return std::make_unique<Resilience4jReference>(p, env);
                   }});

}  // namespace
}  // namespace weir::limiter
