#include "scenario/value_cover.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <variant>

#include "scenario/json_document.hpp"
#include "scenario/known_names.hpp"

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

const traffic::AttributeSpec* find_given(const traffic::ClassSpec& spec, const std::string& name) {
  const auto found =
      std::find_if(spec.attributes.begin(), spec.attributes.end(),
                   [&](const traffic::AttributeSpec& attribute) { return attribute.name == name; });
  return found == spec.attributes.end() ? nullptr : &*found;
}

}  // namespace

bool foresees_values(const traffic::ClassSpec& spec, const std::string& attribute) {
  if (spec.clients && attribute == client_attribute) return true;
  return find_given(spec, attribute) != nullptr;
}

std::string values_pointer(const traffic::ClassSpec& spec, const std::string& attribute) {
  if (spec.clients && attribute == client_attribute) return "clients";
  return "attributes/" + pointer_token(attribute);
}

std::optional<std::string> value_without_row(const traffic::ClassSpec& spec,
                                             const std::string& attribute, const HasRow& has_row) {
  const FirstWithoutRow first{attribute, has_row};
  if (spec.clients && attribute == client_attribute) {
    return first(traffic::SequenceValues{spec.clients->count});
  }
  const traffic::AttributeSpec* given = find_given(spec, attribute);
  return given == nullptr ? std::nullopt : std::visit(first, given->values);
}

}  // namespace weir::scenario
