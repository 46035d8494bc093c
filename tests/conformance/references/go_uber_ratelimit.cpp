#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// The schedule as a balance of time, as the library's older form keeps it: each turn spends one
/// interval, the clock earns them, and no more than the slack is saved; a debt is slept off.
class UberReference : public Reference {
 public:
  explicit UberReference(const Parameters& p)
      : per_request_(Int128{p.rate("rate").per.ns()} / p.rate("rate").units),
        most_saved_(per_request_ * p.count("slack")) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now = at.unix_ns();
    Int128 saved = last_ ? saved_ + (now - *last_) - per_request_ : 0;
    saved = std::min(saved, most_saved_);
    // As far as there are instants to sleep until.
    const Int128 furthest = std::numeric_limits<std::int64_t>::max() - now;
    saved_ = std::max(saved - per_request_ * (cost - 1), -furthest);
    last_ = now;
    const Int128 sleep = std::clamp(-saved_, Int128{0}, most_);
    return {.allowed = true, .delay = Duration::from_ns(static_cast<std::int64_t>(sleep))};
  }

 private:
  static constexpr Int128 most_ = std::numeric_limits<std::int64_t>::max();

  Int128 per_request_;
  Int128 most_saved_;
  std::optional<Int128> last_;
  Int128 saved_ = 0;
};

const bool go_uber_ratelimit_registered = register_case(
    {.id = "go-uber-ratelimit",
     .settings = {"rate=100/s", "rate=3/s slack=0", "rate=7/1m slack=3", "rate=1/1h slack=1000",
                  "rate=5/13ns slack=2", "rate=100/10ns slack=4"},
     .reference = [](const Parameters& p, const Environment&) {
       return std::make_unique<UberReference>(p);
     }});

}  // namespace
}  // namespace weir::limiter
