#include <algorithm>
#include <memory>

#include "conformance/conformance_case.hpp"
#include "conformance/references/exact_tokens.hpp"

namespace weir::limiter {
namespace {

class ContinuousReference : public Reference {
 public:
  ContinuousReference(const Rate& rate, std::int64_t capacity, std::int64_t initial)
      : tokens_(rate, capacity, initial) {}

  Verdict decide(Instant now, Cost cost) override {
    if (cost == 0) return {};
    tokens_.refill(now);
    const bool allowed = tokens_.holds(cost);
    if (allowed) tokens_.take(cost);
    return {.allowed = allowed, .delay = {}};
  }

 private:
  ExactTokens tokens_;
};

/// Goes from refill to refill.
class IntervalReference : public Reference {
 public:
  IntervalReference(const Rate& rate, std::int64_t capacity, std::int64_t initial, bool epoch)
      : period_(rate.per.ns()),
        count_(rate.units),
        capacity_(capacity),
        tokens_(initial),
        epoch_(epoch) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now = at.unix_ns();
    if (!started_) last_refill_ = first_period(now);
    started_ = true;
    while (now >= last_refill_ + period_) {
      last_refill_ += period_;
      tokens_ = std::min(tokens_ + count_, capacity_);
      // A full bucket stays full: the periods to come are skipped, but not their rhythm.
      const bool idle = tokens_ == capacity_ || count_ == 0;
      if (idle) last_refill_ += (now - last_refill_) / period_ * period_;
    }
    const bool allowed = cost <= tokens_;
    if (allowed) tokens_ -= cost;
    return {.allowed = allowed, .delay = {}};
  }

 private:
  Int128 first_period(Int128 now) const {
    if (!epoch_) return now;
    Int128 begins = now / period_ * period_;
    while (begins > now) begins -= period_;
    return begins;
  }

  Int128 period_;
  Int128 count_;
  Int128 capacity_;
  Int128 tokens_;
  bool epoch_;
  bool started_ = false;
  Int128 last_refill_ = 0;
};

std::unique_ptr<Reference> reference(const Parameters& p, const Environment&) {
  const std::int64_t capacity = p.count("capacity");
  const std::int64_t initial = p.has("initial") ? p.count("initial") : capacity;
  if (p.choice("refill") == "continuous") {
    return std::make_unique<ContinuousReference>(p.rate("rate"), capacity, initial);
  }
  return std::make_unique<IntervalReference>(p.rate("rate"), capacity, initial,
                                             p.choice("anchor") == "epoch");
}

const bool token_bucket_registered = register_case(
    {.id = "token-bucket",
     .settings = {"capacity=5 rate=3/s", "capacity=1 rate=7/1m", "capacity=20 rate=1000003/s",
                  "capacity=4 rate=5/s initial=0", "capacity=9 rate=7/13ns initial=2",
                  "capacity=5 rate=0/s initial=3", "capacity=0 rate=3/s", "capacity=3 rate=1/366d",
                  "capacity=9007199254740992 rate=9007199254740992/1ns",
                  "capacity=9007199254740992 rate=1/366d", "capacity=5 rate=3/s refill=interval",
                  "capacity=5 rate=3/7ns refill=interval anchor=epoch",
                  "capacity=20 rate=4/1m refill=interval initial=0",
                  "capacity=20 rate=50/1m refill=interval anchor=epoch initial=7",
                  "capacity=8 rate=3/1ns refill=interval", "capacity=5 rate=0/s refill=interval",
                  "capacity=9007199254740992 rate=9007199254740992/366d refill=interval"},
     .reference = reference});

}  // namespace
}  // namespace weir::limiter
