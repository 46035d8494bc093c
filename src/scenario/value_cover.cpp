#include "scenario/value_cover.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <type_traits>
#include <variant>

namespace weir::scenario {
namespace {

using HasRow = std::function<bool(const std::string&)>;

struct FirstWithoutRow {
  const std::string& name;
  const HasRow& has_row;

  std::optional<std::string> operator()(const traffic::ConstantValue& constant) const {
    return check(constant.value);
  }
  std::optional<std::string> operator()(const traffic::WeightedValues& values) const {
    for (const auto& [value, weight] : values.weights) {
      if (weight == 0.0) continue;
      if (auto missing = check(value)) return missing;
    }
    return std::nullopt;
  }
  std::optional<std::string> operator()(const traffic::FileValues& values) const {
    for (const std::string& value : values.values) {
      if (auto missing = check(value)) return missing;
    }
    return std::nullopt;
  }
  /// Generated values: zipf, uniform, sequence.
  template <class Generated>
  std::optional<std::string> operator()(const Generated& generated) const {
    for (std::int64_t i = 0; i < generated.count; ++i) {
      if (auto missing = check(fmt::format("{}-{}", name, i))) return missing;
    }
    return std::nullopt;
  }

 private:
  std::optional<std::string> check(const std::string& value) const {
    if (has_row(value)) return std::nullopt;
    return value;
  }
};

}  // namespace

std::optional<std::string> value_without_row(const traffic::AttributeSpec& attribute,
                                             const HasRow& has_row) {
  return std::visit(FirstWithoutRow{attribute.name, has_row}, attribute.values);
}

}  // namespace weir::scenario
