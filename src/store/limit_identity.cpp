#include "store/limit_identity.hpp"

#include <fmt/format.h>

#include "limiter/parameter_text.hpp"

namespace weir::store {
std::string identity_of(const LimitDefinition& limit, policy::VariantIndex variant) {
  std::string text = fmt::format("{}\n{}", limit.spec.name, limit.spec.algorithm);
  for (const std::string& attribute : limit.state_key) text += fmt::format("\n{}", attribute);
  for (const auto& [name, value] : limit.variants[variant].values()) {
    text += fmt::format("\n{}={}", name, limiter::parameter_text(value));
  }
  return text;
}

}  // namespace weir::store
