#include <map>
#include <memory>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// The hash of counters that is kept for a key: increments first, then adds up and compares.
class FigmaReference : public Reference {
 public:
  explicit FigmaReference(const Parameters& p)
      : limit_(p.count("limit")), window_(p.duration("window").ns()) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 part = window_ / 60;
    Int128 begins = at.unix_ns() / part * part;
    if (begins > at.unix_ns()) begins -= part;
    counters_[begins] += cost;
    Int128 sum = 0;
    for (auto c = counters_.upper_bound(begins - window_); c != counters_.end(); ++c) {
      sum += c->second;
    }
    return {.allowed = sum <= limit_, .delay = {}};
  }

 private:
  Int128 limit_;
  Int128 window_;
  /// By the instant at which their part of the window began.
  std::map<Int128, Int128> counters_;
};

const bool figma_registered = register_case(
    {.id = "figma",
     .settings = {"limit=5 window=1m", "limit=100 window=1h", "limit=0 window=1m",
                  "limit=3 window=60ns", "limit=12 window=420ns", "limit=1 window=1d",
                  "limit=9007199254740992 window=360d"},
     .reference = [](const Parameters& p,
                     const Environment&) { return std::make_unique<FigmaReference>(p); },
     .denials_are_free = false});

}  // namespace
}  // namespace weir::limiter
