#include "store/limit_identity.hpp"

#include <fmt/format.h>

#include <variant>

#include "core/text.hpp"

namespace weir::store {
namespace {

struct ParameterText {
  std::string operator()(std::int64_t count) const { return fmt::format("{}", count); }
  std::string operator()(Duration d) const { return format_duration(d); }
  std::string operator()(const Rate& rate) const { return format_rate(rate); }
  std::string operator()(const std::string& word) const { return word; }
  std::string operator()(bool is_true) const { return is_true ? "true" : "false"; }
};

}  // namespace

std::string identity_of(const LimitDefinition& limit, policy::VariantIndex variant) {
  std::string text = fmt::format("{}\n{}", limit.spec.name, limit.spec.algorithm);
  for (const std::string& attribute : limit.state_key) text += fmt::format("\n{}", attribute);
  for (const auto& [name, value] : limit.variants[variant].values()) {
    text += fmt::format("\n{}={}", name, std::visit(ParameterText(), value));
  }
  return text;
}

}  // namespace weir::store
