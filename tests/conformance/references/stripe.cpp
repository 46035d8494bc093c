#include <cmath>
#include <map>
#include <memory>
#include <string>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// The script on two Redis keys that live for as long as it says.
class StripeReference : public Reference {
 public:
  explicit StripeReference(const Parameters& p)
      : capacity_(static_cast<double>(p.count("capacity"))) {
    const std::int64_t ns = p.rate("rate").per.ns();
    rate_ =
        static_cast<double>(p.rate("rate").units) /
        (static_cast<double>(ns / 1'000'000'000) + static_cast<double>(ns % 1'000'000'000) / 1e9);
  }

  Verdict decide(Instant at, Cost cost) override {
    const Int128 ms = floored(at.unix_ns(), 1'000'000);
    const auto now =
        static_cast<double>(static_cast<std::int64_t>(floored(at.unix_ns(), 1'000'000'000)));
    const double ttl = std::floor(capacity_ / rate_ * 2.0);
    const double tokens = get("tokens", ms).value_or(capacity_);
    const double refreshed = get("timestamp", ms).value_or(-1e18);
    const double filled = std::fmin(capacity_, tokens + std::fmax(0.0, now - refreshed) * rate_);
    const bool allowed = filled >= static_cast<double>(cost);
    set("tokens", allowed ? filled - static_cast<double>(cost) : filled, ms, ttl);
    set("timestamp", now, ms, ttl);
    return {.allowed = allowed, .delay = {}};
  }

 private:
  struct Entry {
    double value;
    Int128 expires_ms;
  };

  static Int128 floored(Int128 ns, Int128 unit) {
    return ns >= 0 ? ns / unit : -((-ns + unit - 1) / unit);
  }

  std::optional<double> get(const std::string& key, Int128 now_ms) {
    const auto found = redis_.find(key);
    if (found == redis_.end() || now_ms > found->second.expires_ms) return std::nullopt;
    return found->second.value;
  }

  void set(const std::string& key, double value, Int128 now_ms, double ttl_s) {
    redis_[key] = {value, now_ms + Int128{static_cast<std::int64_t>(ttl_s)} * 1000};
  }

  double capacity_;
  double rate_ = 0.0;
  std::map<std::string, Entry> redis_;
};

const bool stripe_registered = register_case(
    {.id = "stripe",
     .settings = {"rate=5/s capacity=20", "rate=1/s capacity=1", "rate=100/s capacity=50",
                  "rate=1/7s capacity=3", "rate=100/1m capacity=10", "rate=3/s capacity=1000"},
     .reference = [](const Parameters& p,
                     const Environment&) { return std::make_unique<StripeReference>(p); },
     // It too stores what has flown in.
     .zero_cost_is_free = false});

}  // namespace
}  // namespace weir::limiter
