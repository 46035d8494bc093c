#include <cmath>
#include <memory>
#include <optional>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// The middleware as it is written: a map entry with its expiry around a bucket whose rule is its
/// float64 steps; a reservation that would have to wait for too long is cancelled.
class TraefikReference : public Reference {
 public:
  explicit TraefikReference(const Parameters& p)
      : limit_(static_cast<double>(p.count("average") * 1'000'000'000) /
               static_cast<double>(p.duration("period").ns())),
        burst_(static_cast<double>(p.count("burst"))) {
    max_delay_ns_ = limit_ < 1.0 ? 500'000'000 : 1'000'000'000 / (whole(limit_) * 2);
    ttl_s_ = limit_ >= 1.0 ? 2 : 1 + whole(1.0 / limit_);
  }

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now = at.unix_ns();
    if (bucket_ && seconds_of(now) >= expires_s_) bucket_.reset();
    if (!bucket_) bucket_ = Bucket{burst_, now};
    expires_s_ = seconds_of(now) + ttl_s_;
    advance(now);
    const double left = bucket_->tokens - static_cast<double>(cost);
    const double wait_ns = left < 0.0 ? std::trunc(-left / limit_ * 1e9) : 0.0;
    if (static_cast<double>(cost) > burst_ || wait_ns > static_cast<double>(max_delay_ns_)) {
      bucket_->tokens = std::fmin(burst_, (bucket_->tokens - 1.0) + 1.0);
      return {.allowed = false, .delay = {}};
    }
    bucket_->tokens = left;
    return {.allowed = true, .delay = Duration::from_ns(static_cast<std::int64_t>(wait_ns))};
  }

 private:
  struct Bucket {
    double tokens;
    Int128 last;
  };

  static std::int64_t whole(double x) { return static_cast<std::int64_t>(std::trunc(x)); }

  static Int128 seconds_of(Int128 ns) {
    const Int128 s = ns / 1'000'000'000;
    return ns % 1'000'000'000 < 0 ? s - 1 : s;
  }

  void advance(Int128 now) {
    const auto elapsed = static_cast<std::int64_t>(now - bucket_->last);
    const double s = static_cast<double>(elapsed / 1'000'000'000) +
                     static_cast<double>(elapsed % 1'000'000'000) / 1e9;
    bucket_->tokens = std::fmin(burst_, bucket_->tokens + s * limit_);
    bucket_->last = now;
  }

  double limit_;
  double burst_;
  std::int64_t max_delay_ns_ = 0;
  std::int64_t ttl_s_ = 0;
  std::optional<Bucket> bucket_;
  Int128 expires_s_ = 0;
};

const bool traefik_registered = register_case(
    {.id = "traefik",
     .settings = {"average=10 burst=3", "average=3 burst=5", "average=1", "average=100 period=1m",
                  "average=7 period=13ms burst=9", "average=1000003 burst=50",
                  "average=1 period=3h burst=2", "average=19 period=10s burst=100"},
     .reference = [](const Parameters& p,
                     const Environment&) { return std::make_unique<TraefikReference>(p); },
     // They keep the bucket from being forgotten.
     .denials_are_free = false});

}  // namespace
}  // namespace weir::limiter
