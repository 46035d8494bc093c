#include <algorithm>
#include <memory>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// I.371's other form of the algorithm, the continuous-state leaky bucket: a bucket that drains one
/// unit of time per unit of time, into which each cell pours T. Time is counted in 1/units of a
/// nanosecond, of which T = per / units takes a whole number.
class GcraReference : public Reference {
 public:
  explicit GcraReference(const Parameters& p)
      : units_(p.rate("rate").units),
        increment_(p.rate("rate").per.ns()),
        tolerance_((p.count("burst") - 1) * increment_) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now = at.unix_ns() * units_;
    const Int128 drained =
        bucket_ == 0 ? 0 : std::max(Int128{0}, bucket_ - (now - last_conformance_));
    // All but the last cell have been poured in when the last one is judged.
    const Int128 before_last = drained + (cost - 1) * increment_;
    if (before_last > tolerance_) return {.allowed = false, .delay = {}};
    bucket_ = before_last + increment_;
    last_conformance_ = now;
    return {};
  }

 private:
  Int128 units_;
  Int128 increment_;
  Int128 tolerance_;
  Int128 bucket_ = 0;
  Int128 last_conformance_ = 0;
};

const bool gcra_registered =
    register_case({.id = "gcra",
                   .settings = {"rate=3/s burst=5", "rate=7/1m burst=1", "rate=1000003/s burst=20",
                                "rate=7/13ns burst=9", "rate=1/366d burst=3",
                                "rate=9007199254740992/1ns burst=9007199254740992",
                                "rate=1/366d burst=9007199254740992"},
                   .reference = [](const Parameters& p, const Environment&) {
                     return std::make_unique<GcraReference>(p);
                   }});

}  // namespace
}  // namespace weir::limiter
