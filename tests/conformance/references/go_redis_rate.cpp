#include <cmath>
#include <memory>
#include <optional>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// The script's rule is its sequence of doubles; these are they, with Redis's TIME as it comes.
class RedisRateReference : public Reference {
 public:
  explicit RedisRateReference(const Parameters& p)
      : burst_(p.count("burst")), rate_(static_cast<double>(p.rate("rate").units)) {
    const std::int64_t ns = p.rate("rate").per.ns();
    period_ =
        static_cast<double>(ns / 1'000'000'000) + static_cast<double>(ns % 1'000'000'000) / 1e9;
  }

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const double emission_interval = period_ / rate_;
    const double increment = emission_interval * static_cast<double>(cost);
    const double burst_offset = emission_interval * static_cast<double>(burst_);
    const double now = redis_time(at);
    const double tat = tat_ ? std::fmax(*tat_, now) : now;
    const double new_tat = tat + increment;
    const double allow_at = new_tat - burst_offset;
    const double diff = now - allow_at;
    const double remaining = diff / emission_interval;
    if (cost > burst_ || remaining < 0.0) return {.allowed = false, .delay = {}};
    tat_ = new_tat;
    return {};
  }

 private:
  static double redis_time(Instant at) {
    Int128 us = at.unix_ns();
    us = (us >= 0 ? us : us - 999) / 1000;
    Int128 s = us / 1'000'000;
    if (us < s * 1'000'000) s -= 1;
    const auto rest = static_cast<std::int64_t>(us - s * 1'000'000);
    return static_cast<double>(static_cast<std::int64_t>(s - 1'483'228'800)) +
           static_cast<double>(rest) / 1'000'000.0;
  }

  Cost burst_;
  double rate_;
  double period_ = 0.0;
  std::optional<double> tat_;
};

const bool go_redis_rate_registered = register_case(
    {.id = "go-redis-rate",
     .settings = {"rate=10/s burst=10", "rate=3/s burst=1", "rate=7/1m burst=20",
                  "rate=1000/s burst=5", "rate=1/1h burst=3", "rate=64/s burst=64"},
     .reference = [](const Parameters& p,
                     const Environment&) { return std::make_unique<RedisRateReference>(p); },
     // Sums of doubles round differently one by one.
     .cost_is_divisible = false});

}  // namespace
}  // namespace weir::limiter
