#include <memory>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// Keeps every admitted request, and compares exact fractions of a period.
class CloudflareReference : public Reference {
 public:
  explicit CloudflareReference(const Parameters& p)
      : limit_(p.count("limit")), period_(p.duration("period").ns()) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now = at.unix_ns();
    const Int128 elapsed = (now % period_ + period_) % period_;
    const Int128 begins = now - elapsed;
    Int128 current = 0;
    Int128 previous = 0;
    for (auto a = admitted_.rbegin(); a != admitted_.rend(); ++a) {
      if (a->at < begins - period_) break;
      (a->at >= begins ? current : previous) += a->cost;
    }
    // (limit - current - cost) period - previous (period - elapsed), without leaving 128 bits.
    const bool allowed = (limit_ - current - cost) * period_ >= previous * (period_ - elapsed);
    if (allowed) admitted_.push_back({now, cost});
    return {.allowed = allowed, .delay = {}};
  }

 private:
  struct Admitted {
    Int128 at;
    Cost cost;
  };

  Int128 limit_;
  Int128 period_;
  std::vector<Admitted> admitted_;
};

const bool cloudflare_registered =
    register_case({.id = "cloudflare",
                   .settings = {"limit=50 period=60s", "limit=5 period=1s", "limit=0 period=10s",
                                "limit=1 period=3600s", "limit=9007199254740992 period=366d"},
                   .reference = [](const Parameters& p, const Environment&) {
                     return std::make_unique<CloudflareReference>(p);
                   }});

}  // namespace
}  // namespace weir::limiter
