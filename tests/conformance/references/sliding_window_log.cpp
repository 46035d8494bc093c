#include <memory>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// Keeps every counted request for ever, and adds up those less than a window old.
class SlidingWindowLogReference : public Reference {
 public:
  explicit SlidingWindowLogReference(const Parameters& p)
      : limit_(p.count("limit")),
        window_(p.duration("window").ns()),
        count_denied_(p.boolean("count_denied")) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now = at.unix_ns();
    Int128 count = 0;
    for (auto c = counted_.rbegin(); c != counted_.rend() && now - c->at < window_; ++c) {
      count += c->cost;
    }
    const bool allowed = count + cost <= limit_;
    if (allowed || count_denied_) counted_.push_back({now, cost});
    return {.allowed = allowed, .delay = {}};
  }

 private:
  struct Counted {
    Int128 at;
    Cost cost;
  };

  std::int64_t limit_;
  std::int64_t window_;
  bool count_denied_;
  std::vector<Counted> counted_;
};

const bool sliding_window_log_registered = register_case(
    {.id = "sliding-window-log",
     .settings = {"limit=5 window=1s", "limit=1 window=7ns", "limit=12 window=1ns",
                  "limit=40 window=90s", "limit=0 window=1m", "limit=9007199254740992 window=366d",
                  "limit=5 window=1s count_denied=true", "limit=12 window=7ns count_denied=true",
                  "limit=3 window=1ns count_denied=true", "limit=40 window=90s count_denied=true",
                  "limit=9007199254740992 window=366d count_denied=true"},
     .reference = [](const Parameters& p, const Environment&) {
       return std::make_unique<SlidingWindowLogReference>(p);
     }});

}  // namespace
}  // namespace weir::limiter
