#include <memory>
#include <optional>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// Keeps every admitted request; the suite never ends one, so only slot_ttl frees slots. Requests
/// that end and requests that wait are tested with the limiter.
class ConcurrencyReference : public Reference {
 public:
  explicit ConcurrencyReference(const Parameters& p) : limit_(p.count("limit")) {
    if (p.has("slot_ttl")) slot_ttl_ = p.duration("slot_ttl").ns();
  }

  Verdict decide(Instant at, Cost cost) override {
    const Int128 now = at.unix_ns();
    Int128 running = 0;
    for (const Slots& s : taken_) {
      if (!slot_ttl_ || now - s.at < *slot_ttl_) running += s.count;
    }
    const bool allowed = running + cost <= limit_;
    if (allowed) taken_.push_back({now, cost});
    return {.allowed = allowed, .delay = {}};
  }

 private:
  struct Slots {
    Int128 at;
    Cost count;
  };

  std::int64_t limit_;
  std::optional<Int128> slot_ttl_;
  std::vector<Slots> taken_;
};

const bool concurrency_registered = register_case(
    {.id = "concurrency",
     .settings = {"limit=3", "limit=0", "limit=9007199254740992", "limit=5 slot_ttl=1s",
                  "limit=1 slot_ttl=7ns", "limit=20 slot_ttl=1ns", "limit=7 slot_ttl=90s"},
     .reference = [](const Parameters& p, const Environment&) {
       return std::make_unique<ConcurrencyReference>(p);
     }});

}  // namespace
}  // namespace weir::limiter
