#include <memory>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// Keeps every counted request with the number of its window, and adds up those of the window of
/// now and of the one before it.
class SlidingWindowCounterReference : public Reference {
 public:
  explicit SlidingWindowCounterReference(const Parameters& p)
      : limit_(p.count("limit")),
        window_(p.duration("window").ns()),
        epoch_(p.choice("anchor") == "epoch"),
        count_denied_(p.boolean("count_denied")) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now = at.unix_ns();
    if (!epoch_ && nothing_left(now)) {
      counted_.clear();
      anchor_ = now;
    }
    const Int128 number = number_at(now);
    const Int128 elapsed = now - anchor_ - number * window_;
    const Int128 used =
        sum_of(number - 1) * (window_ - elapsed) + (sum_of(number) + cost) * window_;
    const bool allowed = used <= Int128{limit_} * window_;
    if (allowed || count_denied_) counted_.push_back({number, cost});
    return {.allowed = allowed, .delay = {}};
  }

 private:
  struct Counted {
    Int128 number;
    Cost cost;
  };

  Int128 number_at(Int128 now) const {
    Int128 number = (now - anchor_) / window_;
    while (number * window_ > now - anchor_) --number;
    return number;
  }

  bool nothing_left(Int128 now) const {
    return counted_.empty() || number_at(now) - 1 > counted_.back().number;
  }

  Int128 sum_of(Int128 number) const {
    Int128 sum = 0;
    for (auto c = counted_.rbegin(); c != counted_.rend() && c->number >= number; ++c) {
      if (c->number == number) sum += c->cost;
    }
    return sum;
  }

  std::int64_t limit_;
  std::int64_t window_;
  bool epoch_;
  bool count_denied_;
  Int128 anchor_ = 0;
  std::vector<Counted> counted_;
};

std::vector<std::string> sliding_window_counter_settings() {
  std::vector<std::string> all;
  for (const char* anchor : {"epoch", "first-request"}) {
    for (const char* denied : {"false", "true"}) {
      for (const char* size :
           {"limit=5 window=1s", "limit=1 window=7ns", "limit=12 window=1ns", "limit=7 window=13ns",
            "limit=30 window=90s", "limit=0 window=1m", "limit=9007199254740992 window=366d"}) {
        all.push_back(std::string(size) + " anchor=" + anchor + " count_denied=" + denied);
      }
    }
  }
  return all;
}

const bool sliding_window_counter_registered =
    register_case({.id = "sliding-window-counter",
                   .settings = sliding_window_counter_settings(),
                   .reference = [](const Parameters& p, const Environment&) {
                     return std::make_unique<SlidingWindowCounterReference>(p);
                   }});

}  // namespace
}  // namespace weir::limiter
