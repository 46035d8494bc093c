#include <algorithm>
#include <memory>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// The bucket's level as an exact fraction: `per` parts are one unit, and `units` parts drain every
/// nanosecond.
class LeakyBucketReference : public Reference {
 public:
  explicit LeakyBucketReference(const Parameters& p)
      : per_(p.rate("rate").per.ns()),
        units_(p.rate("rate").units),
        capacity_(p.count("capacity") * per_) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now = at.unix_ns();
    if (level_ > 0) level_ = std::max(Int128{0}, level_ - (now - last_) * units_);
    last_ = now;
    const bool allowed = level_ + cost * per_ <= capacity_;
    if (allowed) level_ += cost * per_;
    return {.allowed = allowed, .delay = {}};
  }

 private:
  Int128 per_;
  Int128 units_;
  Int128 capacity_;
  Int128 level_ = 0;
  Int128 last_ = 0;
};

const bool leaky_bucket_registered = register_case(
    {.id = "leaky-bucket",
     .settings = {"capacity=5 rate=3/s", "capacity=1 rate=7/1m", "capacity=20 rate=1000003/s",
                  "capacity=9 rate=7/13ns", "capacity=5 rate=0/s", "capacity=0 rate=3/s",
                  "capacity=3 rate=1/366d", "capacity=9007199254740992 rate=9007199254740992/1ns",
                  "capacity=9007199254740992 rate=1/366d"},
     .reference = [](const Parameters& p, const Environment&) {
       return std::make_unique<LeakyBucketReference>(p);
     }});

}  // namespace
}  // namespace weir::limiter
