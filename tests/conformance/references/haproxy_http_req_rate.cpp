#include <algorithm>
#include <memory>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// Keeps every period that requests have opened, with what was counted in it.
class HaproxyReference : public Reference {
 public:
  explicit HaproxyReference(const Parameters& p)
      : limit_(p.count("limit")), period_(p.duration("period").ns() / 1'000'000) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now = milliseconds(at);
    if (periods_.empty() || now >= periods_.back().begins + period_) open_period(now);
    Int128& counted = periods_.back().counted;
    counted = std::min(counted + cost, largest_counter);
    return {.allowed = rate_at(now) <= limit_, .delay = {}};
  }

 private:
  struct Period {
    Int128 begins;
    /// Whether it followed upon the one before at once, which then still weighs.
    bool follows;
    Int128 counted = 0;
  };

  static constexpr Int128 largest_counter = 0xffff'ffff;

  static Int128 milliseconds(Instant at) {
    Int128 ms = at.unix_ns() / 1'000'000;
    if (at.unix_ns() % 1'000'000 < 0) ms -= 1;
    return ms;
  }

  static Int128 rounded_down_to_even(Int128 ms) { return ms % 2 == 0 ? ms : ms - 1; }

  void open_period(Int128 now) {
    const bool follows = !periods_.empty() && now < periods_.back().begins + 2 * period_;
    const Int128 begins = follows ? periods_.back().begins + period_ : now;
    periods_.push_back({rounded_down_to_even(begins), follows});
  }

  Int128 rate_at(Int128 now) const {
    const Period& current = periods_.back();
    if (!current.follows) return current.counted;
    const Int128 left = current.begins + period_ - now;
    return current.counted + periods_[periods_.size() - 2].counted * left / period_;
  }

  Int128 limit_;
  Int128 period_;
  std::vector<Period> periods_;
};

const bool haproxy_http_req_rate_registered = register_case(
    {.id = "haproxy-http-req-rate",
     .settings = {"limit=5 period=2s", "limit=20 period=10s", "limit=1 period=10ms",
                  "limit=0 period=1s", "limit=4 period=7ms", "limit=3 period=3ms",
                  "limit=2 period=2ms", "limit=2 period=1ms", "limit=1000 period=3600001ms",
                  "limit=4294967294 period=2147483647ms"},
     .reference = [](const Parameters& p,
                     const Environment&) { return std::make_unique<HaproxyReference>(p); },
     // With an odd period the second of two requests in a ms can open another period.
     .cost_is_divisible = false,
     .denials_are_free = false});

}  // namespace
}  // namespace weir::limiter
