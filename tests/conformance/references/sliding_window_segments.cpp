#include <memory>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// Keeps every admitted request with the number of its segment, and adds up those of the last
/// window's worth of segments.
class SlidingWindowSegmentsReference : public Reference {
 public:
  explicit SlidingWindowSegmentsReference(const Parameters& p)
      : limit_(p.count("limit")),
        window_(p.duration("window").ns()),
        segments_(p.count("segments")),
        epoch_(p.choice("anchor") == "epoch") {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now = at.unix_ns();
    const Int128 count = sum_within(segment_at(now));
    if (count == 0 && !epoch_) {
      admitted_.clear();
      anchor_ = now;
    }
    const bool allowed = count + cost <= limit_;
    if (allowed) admitted_.push_back({segment_at(now), cost});
    return {.allowed = allowed, .delay = {}};
  }

 private:
  struct Admitted {
    Int128 segment;
    Cost cost;
  };

  /// The largest k such that k window / segments has passed.
  Int128 segment_at(Int128 now) const {
    Int128 k = (now - anchor_) * segments_ / window_;
    while (k * window_ > (now - anchor_) * segments_) --k;
    return k;
  }

  Int128 sum_within(Int128 segment) const {
    Int128 sum = 0;
    for (auto a = admitted_.rbegin(); a != admitted_.rend(); ++a) {
      if (a->segment <= segment - segments_) break;
      sum += a->cost;
    }
    return sum;
  }

  std::int64_t limit_;
  std::int64_t window_;
  std::int64_t segments_;
  bool epoch_;
  Int128 anchor_ = 0;
  std::vector<Admitted> admitted_;
};

std::vector<std::string> sliding_window_segments_settings() {
  std::vector<std::string> all;
  for (const char* anchor : {"epoch", "first-request"}) {
    for (const char* size : {"limit=5 window=1s segments=4", "limit=6 window=1s segments=7",
                             "limit=1 window=7ns segments=7", "limit=4 window=7ns segments=3",
                             "limit=12 window=1ns segments=1", "limit=20 window=90s segments=1",
                             "limit=30 window=1h segments=3600", "limit=0 window=1m segments=6",
                             "limit=9007199254740992 window=366d segments=11"}) {
      all.push_back(std::string(size) + " anchor=" + anchor);
    }
  }
  return all;
}

const bool sliding_window_segments_registered =
    register_case({.id = "sliding-window-segments",
                   .settings = sliding_window_segments_settings(),
                   .reference = [](const Parameters& p, const Environment&) {
                     return std::make_unique<SlidingWindowSegmentsReference>(p);
                   }});

}  // namespace
}  // namespace weir::limiter
