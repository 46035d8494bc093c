#include <chrono>
#include <cmath>
#include <memory>

#include "conformance/conformance_case.hpp"

namespace weir::limiter {
namespace {

/// The bucket's rule is its sequence of double-precision steps; these are they, in std::chrono's
/// units and with a number of tokens in hand instead of the time at which there were none.
class EnvoyLocalReference : public Reference {
 public:
  EnvoyLocalReference(const Parameters& p, const Environment& env)
      : most_(static_cast<double>(p.count("max_tokens"))), start_(env.start) {
    const Seconds interval = std::chrono::nanoseconds(p.duration("fill_interval").ns());
    const double asked = static_cast<double>(p.count("tokens_per_fill")) / interval.count();
    const double one_a_year = 1.0 / (365 * 24 * 60 * 60);
    per_second_ = std::fmax(asked, one_a_year);
  }

  Verdict decide(Instant at, Cost cost) override {
    const Seconds now = std::chrono::nanoseconds((at - start_).ns());
    double tokens = most_;
    if (used_) tokens = std::fmin((now.count() - empty_since_) * per_second_, most_);
    const auto wanted = static_cast<double>(cost);
    if (cost == 0 || !(tokens >= wanted)) return {.allowed = false, .delay = {}};
    tokens -= wanted;
    empty_since_ = now.count() - tokens / per_second_;
    used_ = true;
    return {};
  }

 private:
  using Seconds = std::chrono::duration<double>;

  double most_;
  double per_second_;
  Instant start_;
  bool used_ = false;
  double empty_since_ = 0.0;
};

const bool envoy_local_registered = register_case(
    {.id = "envoy-local",
     .settings = {"max_tokens=10 tokens_per_fill=10 fill_interval=60s",
                  "max_tokens=5 fill_interval=1s",
                  "max_tokens=7 tokens_per_fill=3 fill_interval=1s",
                  "max_tokens=1 fill_interval=50ms", "max_tokens=0 fill_interval=1s",
                  "max_tokens=3 fill_interval=3660d",
                  "max_tokens=1000 tokens_per_fill=997 fill_interval=50ms",
                  "max_tokens=4294967295 tokens_per_fill=4294967295 fill_interval=50ms"},
     .reference =
         [](const Parameters& p, const Environment& env) {
           return std::make_unique<EnvoyLocalReference>(p, env);
         },
     // Each of n requests rounds anew.
     .cost_is_divisible = false,
     // hits_addend 0 is denied.
     .zero_cost_is_free = false});

}  // namespace
}  // namespace weir::limiter
