#include <algorithm>
#include <deque>
#include <memory>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// Keeps when each unit leaves, as an exact fraction (in 1/units of a nanosecond), and counts those
/// that have not left.
class LeakyBucketQueueReference : public Reference {
 public:
  explicit LeakyBucketQueueReference(const Parameters& p)
      : per_(p.rate("rate").per.ns()),
        units_(p.rate("rate").units),
        capacity_(p.count("capacity")) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now = at.unix_ns() * units_;
    while (leaving_.size() > 1 && leaving_.front() <= now) leaving_.pop_front();
    std::deque<Int128> with_it = leaving_;
    for (Cost i = 0; i < cost; ++i) {
      with_it.push_back(with_it.empty() ? now : std::max(now, with_it.back() + per_));
      if (waiting(with_it, now) > capacity_) return {.allowed = false, .delay = {}};
    }
    leaving_ = with_it;
    const Int128 wait = leaving_.back() - now;
    return {.allowed = true,
            .delay = Duration::from_ns(static_cast<std::int64_t>((wait + units_ - 1) / units_))};
  }

 private:
  static std::int64_t waiting(const std::deque<Int128>& leaving, Int128 now) {
    return std::count_if(leaving.begin(), leaving.end(), [now](Int128 d) { return d > now; });
  }

  Int128 per_;
  Int128 units_;
  std::int64_t capacity_;
  std::deque<Int128> leaving_;
};

const bool leaky_bucket_queue_registered = register_case(
    {.id = "leaky-bucket-queue",
     .settings = {"capacity=4 rate=3/s", "capacity=0 rate=7/1m", "capacity=1 rate=1000003/s",
                  "capacity=9 rate=7/13ns", "capacity=3 rate=1/366d",
                  "capacity=12 rate=9007199254740992/1ns", "capacity=20 rate=50/1m"},
     .reference = [](const Parameters& p, const Environment&) {
       return std::make_unique<LeakyBucketQueueReference>(p);
     }});

}  // namespace
}  // namespace weir::limiter
