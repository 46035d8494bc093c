#include <algorithm>
#include <memory>
#include <optional>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// The bucket's content as an exact fraction in 1 / refill_period of a token, whatever its history:
/// greedy it flows in, intervally it comes in lumps counted from the bucket's creation.
class Bucket4jReference : public Reference {
 public:
  explicit Bucket4jReference(const Parameters& p)
      : period_(p.duration("refill_period").ns()),
        refill_(p.count("refill_tokens")),
        full_(period_ * p.count("capacity")),
        by_interval_(p.choice("refill") == "intervally"),
        content_(p.has("initial_tokens") ? period_ * p.count("initial_tokens") : full_) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now = at.unix_ns();
    if (!created_) created_ = last_ = now;
    const Int128 flown_in =
        by_interval_ ? ((now - *created_) / period_ - (last_ - *created_) / period_) * period_
                     : now - last_;
    content_ = std::min(full_, content_ + flown_in * refill_);
    last_ = now;
    if (content_ < period_ * cost) return {.allowed = false, .delay = {}};
    content_ -= period_ * cost;
    return {};
  }

 private:
  Int128 period_;
  Int128 refill_;
  Int128 full_;
  bool by_interval_;
  Int128 content_;
  std::optional<Int128> created_;
  Int128 last_ = 0;
};

const bool java_bucket4j_registered = register_case(
    {.id = "java-bucket4j",
     .settings = {"capacity=5 refill_tokens=3 refill_period=1s",
                  "capacity=1 refill_tokens=1 refill_period=7ns",
                  "capacity=100 refill_tokens=7 refill_period=1m initial_tokens=0",
                  "capacity=10 refill_tokens=10 refill_period=1m refill=intervally",
                  "capacity=20 refill_tokens=3 refill_period=1s refill=intervally initial_tokens=4",
                  "capacity=3 refill_tokens=10 refill_period=13ns refill=intervally",
                  "capacity=9 refill_tokens=2 refill_period=366d"},
     .reference = [](const Parameters& p, const Environment&) {
       return std::make_unique<Bucket4jReference>(p);
     }});

}  // namespace
}  // namespace weir::limiter
