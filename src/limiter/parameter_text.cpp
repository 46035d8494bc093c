#include "limiter/parameter_text.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace weir::limiter {
namespace {

struct TextOfValue {
  std::string operator()(std::int64_t count) const { return fmt::format("{}", count); }
  std::string operator()(Duration d) const { return format_duration(d); }
  std::string operator()(const Rate& rate) const { return format_rate(rate); }
  std::string operator()(const std::string& word) const { return word; }
  std::string operator()(bool is_true) const { return is_true ? "true" : "false"; }
};

}  // namespace

std::string parameter_text(const ParameterValue& value) { return std::visit(TextOfValue(), value); }

}  // namespace weir::limiter
