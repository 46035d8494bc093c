#include <algorithm>
#include <memory>
#include <optional>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// GCRA as a bucket of time that drains by itself: each unit pours one emission interval in, and
/// the bucket holds as many as the limit.
class RedisCellReference : public Reference {
 public:
  explicit RedisCellReference(const Parameters& p) {
    const double period = static_cast<double>(p.duration("period").ns());
    interval_ = static_cast<std::int64_t>(period / static_cast<double>(p.count("count")));
    holds_ = interval_ * (Int128{p.count("max_burst")} + 1);
  }

  Verdict decide(Instant at, Cost cost) override {
    const Int128 now = at.unix_ns();
    const Int128 content = last_ ? std::max(poured_in_ - (now - *last_), Int128{0}) : 0;
    if (content + interval_ * cost > holds_) return {.allowed = false, .delay = {}};
    poured_in_ = content + interval_ * cost;
    last_ = now;
    return {};
  }

 private:
  Int128 interval_ = 0;
  Int128 holds_ = 0;
  Int128 poured_in_ = 0;
  std::optional<Int128> last_;
};

const bool redis_cell_registered = register_case(
    {.id = "redis-cell",
     .settings = {"max_burst=4 count=1 period=1s", "max_burst=0 count=3 period=1s",
                  "max_burst=15 count=30 period=1m", "max_burst=99 count=1000000007 period=2s",
                  "max_burst=7 count=7 period=366d", "max_burst=6 count=999983 period=3660d"},
     .reference = [](const Parameters& p, const Environment&) {
       return std::make_unique<RedisCellReference>(p);
     }});

}  // namespace
}  // namespace weir::limiter
