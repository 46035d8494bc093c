#include <memory>

#include "conformance/conformance_case.hpp"

namespace weir::limiter {
namespace {

class DenyAllReference : public Reference {
 public:
  Verdict decide(Instant, Cost cost) override { return {.allowed = cost < 1, .delay = {}}; }
};

const bool deny_all_registered = register_case(
    {.id = "deny-all", .settings = {""}, .reference = [](const Parameters&, const Environment&) {
       return std::make_unique<DenyAllReference>();
     }});

}  // namespace
}  // namespace weir::limiter
