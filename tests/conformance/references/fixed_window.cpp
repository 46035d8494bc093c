#include <memory>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// Keeps every counted request, and adds up those of the window that now lies in.
class FixedWindowReference : public Reference {
 public:
  explicit FixedWindowReference(const Parameters& p)
      : limit_(p.count("limit")),
        window_(p.duration("window").ns()),
        epoch_(p.choice("anchor") == "epoch"),
        count_denied_(p.boolean("count_denied")) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now = at.unix_ns();
    const Int128 begins = epoch_ ? begin_since_epoch(now) : begin_since_first(now);
    Int128 count = 0;
    for (const Counted& c : counted_) {
      if (c.at >= begins) count += c.cost;
    }
    const bool allowed = count + cost <= limit_;
    if (allowed || count_denied_) {
      if (begins != window_begins_) counted_.clear();
      window_begins_ = begins;
      counted_.push_back({now, cost});
    }
    return {.allowed = allowed, .delay = {}};
  }

 private:
  struct Counted {
    Int128 at;
    Cost cost;
  };

  Int128 begin_since_epoch(Int128 now) const {
    Int128 remainder = now % window_;
    if (remainder < 0) remainder += window_;
    return now - remainder;
  }

  Int128 begin_since_first(Int128 now) const {
    const bool over = counted_.empty() || now >= window_begins_ + window_;
    return over ? now : window_begins_;
  }

  std::int64_t limit_;
  std::int64_t window_;
  bool epoch_;
  bool count_denied_;
  std::vector<Counted> counted_;
  Int128 window_begins_ = 0;
};

std::vector<std::string> fixed_window_settings() {
  std::vector<std::string> all;
  for (const char* anchor : {"epoch", "first-request"}) {
    for (const char* denied : {"false", "true"}) {
      for (const char* size :
           {"limit=5 window=1s", "limit=1 window=7ns", "limit=12 window=1ns", "limit=3 window=90s",
            "limit=0 window=1m", "limit=9007199254740992 window=366d"}) {
        all.push_back(std::string(size) + " anchor=" + anchor + " count_denied=" + denied);
      }
    }
  }
  return all;
}

// Some settings charge denials; what remains is exact all the same.
const bool fixed_window_registered =
    register_case({.id = "fixed-window",
                   .settings = fixed_window_settings(),
                   .reference = [](const Parameters& p, const Environment&) {
                     return std::make_unique<FixedWindowReference>(p);
                   }});

}  // namespace
}  // namespace weir::limiter
