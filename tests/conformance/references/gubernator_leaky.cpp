#include <cmath>
#include <memory>
#include <optional>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// The cache item and the order of questions that the server asks of it.
class GubernatorReference : public Reference {
 public:
  explicit GubernatorReference(const Parameters& p)
      : limit_(p.count("limit")), duration_(p.duration("duration").ns() / 1'000'000) {}

  Verdict decide(Instant at, Cost hits) override {
    Int128 created = at.unix_ns() / 1'000'000;
    if (at.unix_ns() % 1'000'000 < 0) created -= 1;
    if (!item_ || item_->expire_at < created) return start(created, hits);
    const double rate = static_cast<double>(duration_) / static_cast<double>(limit_);
    if (hits != 0) item_->expire_at = created + duration_;
    const double leak =
        static_cast<double>(static_cast<std::int64_t>(created - item_->updated_at)) / rate;
    if (std::trunc(leak) > 0.0) {
      item_->remaining += leak;
      item_->updated_at = created;
    }
    const auto limit = static_cast<double>(limit_);
    if (std::trunc(item_->remaining) > limit) item_->remaining = limit;
    const double whole = std::trunc(item_->remaining);
    if (whole == 0.0 && hits > 0) return denied();
    if (whole == static_cast<double>(hits)) {
      item_->remaining = 0.0;
      return {};
    }
    if (static_cast<double>(hits) > whole) return denied();
    if (hits > 0) item_->remaining -= static_cast<double>(hits);
    return {};
  }

 private:
  struct Item {
    double remaining;
    Int128 updated_at;
    Int128 expire_at;
  };

  static Verdict denied() { return {.allowed = false, .delay = {}}; }

  Verdict start(Int128 created, Cost hits) {
    item_ = {static_cast<double>(limit_ - hits), created, created + duration_};
    if (hits <= limit_) return {};
    item_->remaining = 0.0;
    return denied();
  }

  std::int64_t limit_;
  std::int64_t duration_;
  std::optional<Item> item_;
};

const bool gubernator_leaky_registered = register_case(
    {.id = "gubernator-leaky",
     .settings = {"limit=5 duration=1s", "limit=3 duration=10ms", "limit=7 duration=1m",
                  "limit=1000 duration=300ms", "limit=1 duration=1h", "limit=11 duration=30d"},
     .reference = [](const Parameters& p,
                     const Environment&) { return std::make_unique<GubernatorReference>(p); },
     // They make the key live on, and a new one that asks for too much is left nothing.
     .denials_are_free = false,
     // It can take a fraction.
     .zero_cost_is_free = false});

}  // namespace
}  // namespace weir::limiter
