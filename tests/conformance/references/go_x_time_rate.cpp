#include <cmath>
#include <memory>
#include <optional>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// The library's rule is its sequence of float64 steps; these are they, in the shape of its
/// functions.
class GoReference : public Reference {
 public:
  explicit GoReference(const Parameters& p)
      : limit_(static_cast<double>(p.rate("rate").units) / in_seconds(p.rate("rate").per.ns())),
        burst_(p.count("burst")),
        tokens_(static_cast<double>(burst_)) {}

  Verdict decide(Instant at, Cost cost) override {
    double tokens = advanced_to(at);
    tokens -= static_cast<double>(cost);
    const bool at_once = tokens >= 0.0 || waits_less_than_a_nanosecond(-tokens);
    if (cost > burst_ || !at_once) return {.allowed = false, .delay = {}};
    tokens_ = tokens;
    last_ = at;
    return {};
  }

 private:
  static double in_seconds(Int128 ns) {
    const Int128 whole = ns / 1'000'000'000;
    const double rest = static_cast<double>(static_cast<std::int64_t>(ns - whole * 1'000'000'000));
    return static_cast<double>(static_cast<std::int64_t>(whole)) + rest / 1e9;
  }

  double advanced_to(Instant at) const {
    if (!last_) return tokens_;
    const Int128 elapsed = Int128{at.unix_ns()} - last_->unix_ns();
    const double gained = elapsed > 0 ? in_seconds(elapsed) * limit_ : 0.0;
    return std::fmin(tokens_ + gained, static_cast<double>(burst_));
  }

  bool waits_less_than_a_nanosecond(double lacking) const {
    if (limit_ == 0.0) return false;
    return std::trunc((lacking / limit_) * 1e9) == 0.0;
  }

  double limit_;
  Cost burst_;
  double tokens_;
  std::optional<Instant> last_;
};

const bool go_x_time_rate_registered =
    register_case({.id = "go-x-time-rate",
                   .settings = {"rate=10/s burst=3", "rate=3/s burst=5", "rate=100/1m burst=20",
                                "rate=7/13ms burst=9", "rate=1000003/s burst=50",
                                "rate=1/3660d burst=2", "rate=0/s burst=4", "rate=5/s burst=0",
                                "rate=999999999/s burst=2", "rate=1/7h burst=281474976710656"},
                   .reference = [](const Parameters& p,
                                   const Environment&) { return std::make_unique<GoReference>(p); },
                   // It too stores the tokens of its moment.
                   .zero_cost_is_free = false});

}  // namespace
}  // namespace weir::limiter
