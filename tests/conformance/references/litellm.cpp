#include <memory>
#include <optional>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// Keeps every request, and goes through the windows anew from the first one on; the suite's costs
/// are those of requests that are answered at once.
class LitellmReference : public Reference {
 public:
  explicit LitellmReference(const Parameters& p) {
    if (p.has("rpm")) rpm_ = p.count("rpm");
    if (p.has("tpm")) tpm_ = p.count("tpm");
  }

  Verdict decide(Instant at, Cost cost) override {
    const Int128 now = floor_div<std::int64_t>(at.unix_ns(), 1'000'000'000);
    requests_.push_back({now, 0});
    Int128 begins = requests_.front().second;
    Int128 requests = 0;
    Int128 tokens = 0;
    for (const Sent& r : requests_) {
      if (r.second - begins >= 60) {
        begins = r.second;
        requests = tokens = 0;
      }
      requests += 1;
      tokens += 1 + r.tokens;
    }
    const bool allowed = (!rpm_ || requests <= *rpm_) && (!tpm_ || tokens <= *tpm_);
    if (allowed) requests_.back().tokens = cost;
    return {.allowed = allowed, .delay = {}};
  }

 private:
  struct Sent {
    Int128 second;
    /// Of its answer.
    Cost tokens;
  };

  std::optional<Int128> rpm_;
  std::optional<Int128> tpm_;
  std::vector<Sent> requests_;
};

const bool litellm_registered = register_case(
    {.id = "litellm",
     .settings = {"rpm=5", "rpm=60 tpm=1000", "tpm=100", "rpm=0 tpm=5", "rpm=5 tpm=0",
                  "rpm=3 tpm=9", "tpm=9007199254740992", "rpm=9007199254740992 tpm=20"},
     .reference = [](const Parameters& p,
                     const Environment&) { return std::make_unique<LitellmReference>(p); },
     // A cost is added only afterwards.
     .cost_is_divisible = false,
     .denials_are_free = false,
     // It is a request all the same.
     .zero_cost_is_free = false});

}  // namespace
}  // namespace weir::limiter
