#include "scenario/describe_traffic.hpp"

#include <algorithm>

#include "traffic/value_file.hpp"

namespace weir::scenario {

bool WeightsCodec::read(const Place& place, traffic::WeightedValues& values) const {
  const bool is_right =
      read_members(place, Text{}, 1, [&](const std::string& value, const Place& member) {
        values.weights.emplace_back(value, 0.0);
        return read_member(Number{}, member, values.weights.back().second);
      });
  const bool has_weight = std::any_of(values.weights.begin(), values.weights.end(),
                                      [](const auto& weighted) { return weighted.second > 0.0; });
  if (is_right && !has_weight) place.problem("must have a weight above 0");
  return is_right && has_weight;
}

Json WeightsCodec::schema(Definitions& definitions) const {
  return members_schema(Text{}, Number{}, 1, definitions);
}

bool ValueFileCodec::read(const Place& place, traffic::FileValues& values) const {
  if (!read_member(Word{}, place, values.path)) return false;
  Result<std::vector<std::string>> content =
      traffic::read_value_file(place.reading().resolve(values.path));
  if (!content) {
    place.problem(content.error().message);
    return false;
  }
  values.values = *std::move(content);
  for (const std::string& value : values.values) place.reading().file_contents += value + '\n';
  return true;
}

bool AttributeCodec::read(const Place& place, traffic::AttributeSpec& attribute) const {
  if (place.json().is_object()) return Object<traffic::AttributeSpec>{}.read(place, attribute);
  if (place.json().is_string()) {
    attribute.values = traffic::ConstantValue{place.json().get<std::string>()};
    return true;
  }
  place.problem("must be a string or a distribution such as {\"uniform\": {\"count\": 100}}, got " +
                show(place.json()));
  return false;
}

Json AttributeCodec::schema(Definitions& definitions) const {
  return {
      {"anyOf", Json::array({Text{}.schema(),
                             Object<traffic::AttributeSpec>{"attribute"}.schema(definitions)})}};
}

Parsed<traffic::DeniedBehaviour> BehaviourKind::parse(const Json& json) const {
  const Parsed<std::string> word =
      parse_word(json, {"give-up", "immediate", "fixed", "exponential", "retry-after"});
  if (!word) return tl::unexpected(word.error());
  if (*word == "give-up") return traffic::GiveUp{};
  return tl::unexpected(
      fmt::format("\"{}\" is not supported by this version; use \"give-up\"", *word));
}

Json BehaviourKind::schema() const { return {{"enum", Json::array({"give-up"})}}; }

}  // namespace weir::scenario
