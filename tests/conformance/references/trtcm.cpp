#include <memory>

#include "conformance/conformance_case.hpp"
#include "conformance/references/exact_tokens.hpp"

namespace weir::limiter {
namespace {

/// RFC 2698, section 3, colour-blind, step by step; what is not green takes nothing.
class TrtcmReference : public Reference {
 public:
  explicit TrtcmReference(const Parameters& p)
      : committed_(p.rate("rate"), p.count("burst"), p.count("burst")),
        peak_(p.rate("peak_rate"), p.count("peak_burst"), p.count("peak_burst")) {}

  Verdict decide(Instant now, Cost cost) override {
    if (cost == 0) return {};
    committed_.refill(now);
    peak_.refill(now);
    const bool red = !peak_.holds(cost);
    const bool yellow = !red && !committed_.holds(cost);
    if (red || yellow) return {.allowed = false, .delay = {}};
    peak_.take(cost);
    committed_.take(cost);
    return {};
  }

 private:
  ExactTokens committed_;
  ExactTokens peak_;
};

const bool trtcm_registered =
    register_case({.id = "trtcm",
                   .settings = {"rate=3/s burst=9 peak_rate=7/s peak_burst=3",
                                "rate=7/1m burst=4 peak_rate=7/1m peak_burst=4",
                                "rate=5/13ns burst=2 peak_rate=6/13ns peak_burst=8",
                                "rate=0/s burst=6 peak_rate=1/s peak_burst=2",
                                "rate=1/s burst=0 peak_rate=1/s peak_burst=2",
                                "rate=1/s burst=2 peak_rate=1/s peak_burst=0",
                                "rate=1/366d burst=30 peak_rate=9007199254740992/1ns "
                                "peak_burst=9007199254740992"},
                   .reference = [](const Parameters& p, const Environment&) {
                     return std::make_unique<TrtcmReference>(p);
                   }});

}  // namespace
}  // namespace weir::limiter
