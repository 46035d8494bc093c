#include <algorithm>
#include <memory>
#include <optional>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// The module's rule as an allowance that runs out: `spare` thousandths of a request are left of
/// the burst. Each request takes 1000, and time gives back whole thousandths, up to the burst and
/// the request itself.
class NginxReference : public Reference {
 public:
  explicit NginxReference(const Parameters& p)
      : rate_(Int128{p.rate("rate").units} * 1000 / (p.rate("rate").per.ns() / 1'000'000'000)),
        burst_(Int128{p.count("burst")} * 1000) {
    if (!p.boolean("nodelay")) undelayed_ = Int128{p.has("delay") ? p.count("delay") : 0} * 1000;
  }

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now_ms = milliseconds(at);
    const Int128 first = last_ms_ ? with_given_back(now_ms - *last_ms_) : burst_;
    const Int128 left = first - Int128{cost - 1} * 1000;
    if (left < 0) return {.allowed = false, .delay = {}};
    spare_ = left;
    last_ms_ = now_ms;
    return {.allowed = true, .delay = delay_with(burst_ - left)};
  }

 private:
  static Int128 milliseconds(Instant at) {
    Int128 ms = at.unix_ns() / 1'000'000;
    if (at.unix_ns() % 1'000'000 < 0) ms -= 1;
    return ms;
  }

  Int128 with_given_back(Int128 elapsed_ms) const {
    const Int128 given_back = rate_ * elapsed_ms / 1000;
    return std::min(spare_ + given_back - 1000, burst_);
  }

  Duration delay_with(Int128 excess) const {
    if (!undelayed_ || excess <= *undelayed_) return {};
    return Duration::from_ms(static_cast<std::int64_t>((excess - *undelayed_) * 1000 / rate_));
  }

  Int128 rate_;
  Int128 burst_;
  std::optional<Int128> undelayed_;
  Int128 spare_ = 0;
  std::optional<Int128> last_ms_;
};

const bool nginx_limit_req_registered = register_case(
    {.id = "nginx-limit-req",
     .settings = {"rate=10/s burst=4 delay=1", "rate=10/s", "rate=30/m",
                  "rate=100/m burst=50 nodelay=true", "rate=7/m burst=12 delay=5",
                  "rate=1/m burst=3", "rate=3333/s burst=20 delay=100",
                  "rate=1000000000000/s burst=1000000000000", "rate=1/m burst=5000000"},
     .reference = [](const Parameters& p, const Environment&) {
       return std::make_unique<NginxReference>(p);
     }});

}  // namespace
}  // namespace weir::limiter
