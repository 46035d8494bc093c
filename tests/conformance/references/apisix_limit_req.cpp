#include <cmath>
#include <memory>
#include <optional>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// The module's steps, request by request, and the sleep in pieces.
class ApisixReference : public Reference {
 public:
  explicit ApisixReference(const Parameters& p)
      : burst_(p.count("burst")), nodelay_(p.boolean("nodelay")) {
    const std::int64_t ns = p.rate("rate").per.ns();
    const double period =
        static_cast<double>(ns / 1'000'000'000) + static_cast<double>(ns % 1'000'000'000) / 1e9;
    rate_ = static_cast<double>(p.rate("rate").units) / period * 1000.0;
  }

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    if (cost > burst_ + 1) return {.allowed = false, .delay = {}};
    Int128 now_ms = at.unix_ns() / 1'000'000;
    if (at.unix_ns() % 1'000'000 < 0) now_ms -= 1;
    std::optional<Record> record = record_;
    double excess = 0.0;
    for (Cost i = 0; i < cost; ++i) {
      if (record) {
        const auto elapsed = static_cast<double>(static_cast<std::int64_t>(now_ms - record->last));
        excess = std::fmax(record->excess - rate_ * std::fabs(elapsed) / 1000.0 + 1000.0, 0.0);
        if (excess > static_cast<double>(burst_) * 1000.0) return {.allowed = false, .delay = {}};
      }
      record = {std::floor(excess), now_ms};
    }
    record_ = record;
    return {.allowed = true, .delay = sleep(excess / rate_)};
  }

 private:
  struct Record {
    double excess;
    Int128 last;
  };

  Duration sleep(double s) const {
    Duration slept;
    if (nodelay_ || s < 0.001) return slept;
    for (; s > 1.0; s -= 1.0) slept += Duration::from_seconds(1);
    return slept + Duration::from_ms(static_cast<std::int64_t>(s * 1000.0));
  }

  std::int64_t burst_;
  bool nodelay_;
  double rate_ = 0.0;
  std::optional<Record> record_;
};

const bool apisix_limit_req_registered =
    register_case({.id = "apisix-limit-req",
                   .settings = {"rate=10/s burst=4", "rate=10/s burst=0", "rate=1/3s burst=5",
                                "rate=100/1m burst=50 nodelay=true", "rate=3333/s burst=20",
                                "rate=7/1m burst=12"},
                   .reference = [](const Parameters& p, const Environment&) {
                     return std::make_unique<ApisixReference>(p);
                   }});

}  // namespace
}  // namespace weir::limiter
