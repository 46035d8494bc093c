#include <map>
#include <memory>
#include <string>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// The service's Redis: one counter per key name, which carries the second its window began.
class EnvoyRatelimitReference : public Reference {
 public:
  explicit EnvoyRatelimitReference(const Parameters& p) : limit_(p.count("limit")) {
    const std::map<std::string, Int128> divider = {
        {"second", 1},     {"minute", 60},       {"hour", 3'600},     {"day", 86'400},
        {"week", 604'800}, {"month", 2'592'000}, {"year", 31'536'000}};
    divider_ = divider.at(p.choice("unit"));
  }

  Verdict decide(Instant at, Cost cost) override {
    constexpr Int128 second = 1'000'000'000;
    Int128 begins = at.unix_ns() / second;
    if (at.unix_ns() < 0 && at.unix_ns() % second != 0) begins -= 1;
    while (begins % divider_ != 0) begins -= (begins % divider_ + divider_) % divider_;
    Int128& counter = counters_[begins];
    counter += cost;
    return {.allowed = counter <= limit_, .delay = {}};
  }

 private:
  Int128 limit_;
  Int128 divider_;
  std::map<Int128, Int128> counters_;
};

const bool envoy_ratelimit_registered = register_case(
    {.id = "envoy-ratelimit",
     .settings = {"limit=5 unit=second", "limit=100 unit=minute", "limit=3 unit=hour",
                  "limit=1 unit=day", "limit=0 unit=second", "limit=7 unit=week",
                  "limit=12 unit=month", "limit=4294967295 unit=year"},
     .reference = [](const Parameters& p,
                     const Environment&) { return std::make_unique<EnvoyRatelimitReference>(p); },
     .denials_are_free = false,
     // It only looks, and is denied where the window has counted too many.
     .zero_cost_is_free = false});

}  // namespace
}  // namespace weir::limiter
