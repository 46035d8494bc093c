#include <memory>

#include "conformance/conformance_case.hpp"

namespace weir::limiter {
namespace {

class UnlimitedReference : public Reference {
 public:
  Verdict decide(Instant, Cost) override { return {.allowed = true, .delay = {}}; }
};

const bool unlimited_registered = register_case(
    {.id = "unlimited", .settings = {""}, .reference = [](const Parameters&, const Environment&) {
       return std::make_unique<UnlimitedReference>();
     }});

}  // namespace
}  // namespace weir::limiter
