#include <algorithm>
#include <memory>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// A count of tokens and a timer whose ticks are caught up with before each request.
class DotnetTokenBucketReference : public Reference {
 public:
  DotnetTokenBucketReference(const Parameters& p, const Environment& env)
      : limit_(p.count("token_limit")),
        per_period_(p.count("tokens_per_period")),
        period_(p.duration("replenishment_period").ns()),
        tokens_(limit_),
        next_tick_(env.start.unix_ns() + period_) {}

  Verdict decide(Instant at, Cost cost) override {
    while (next_tick_ <= at.unix_ns()) {
      if (tokens_ == limit_) {
        // Nothing to do until now.
        next_tick_ += (at.unix_ns() - next_tick_) / period_ * period_;
      }
      tokens_ = std::min(limit_, tokens_ + per_period_);
      next_tick_ += period_;
    }
    if (tokens_ == 0 || tokens_ < cost) return {.allowed = false, .delay = {}};
    tokens_ -= cost;
    return {};
  }

 private:
  Int128 limit_;
  Int128 per_period_;
  Int128 period_;
  Int128 tokens_;
  Int128 next_tick_;
};

const bool dotnet_token_bucket_registered =
    register_case({.id = "dotnet-token-bucket",
                   .settings = {"token_limit=20 tokens_per_period=5 replenishment_period=1s",
                                "token_limit=1 tokens_per_period=1 replenishment_period=1ms",
                                "token_limit=7 tokens_per_period=100 replenishment_period=1m",
                                "token_limit=100 tokens_per_period=3 replenishment_period=250ms",
                                "token_limit=5 tokens_per_period=2 replenishment_period=30d"},
                   .reference =
                       [](const Parameters& p, const Environment& env) {
                         return std::make_unique<DotnetTokenBucketReference>(p, env);
                       },
                   // With no token left, it is denied.
                   .zero_cost_is_free = false});

}  // namespace
}  // namespace weir::limiter
