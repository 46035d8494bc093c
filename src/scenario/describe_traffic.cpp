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

bool OnDeniedCodec::read(const Place& place, traffic::OnDenied& on_denied) const {
  OnDeniedCases cases;
  const bool is_right = Object<OnDeniedCases>{}.read(place, cases);
  on_denied = std::visit([](const auto& chosen) { return chosen.on_denied; }, cases);
  return is_right;
}

Json OnDeniedCodec::schema(Definitions& definitions) const {
  return Object<OnDeniedCases>{}.schema(definitions);
}

bool AbandonmentCodec::read(const Place& place, traffic::Abandonment& abandonment) const {
  if (place.json().is_object()) return Object<traffic::Abandonment>{}.read(place, abandonment);
  if (place.json().is_number()) return read_member(any_share, place, abandonment.share);
  place.problem("must be a share from 0 to 1 or an object with \"share\", got " +
                show(place.json()));
  return false;
}

Json AbandonmentCodec::schema(Definitions& definitions) const {
  return {{"anyOf",
           Json::array({any_share.schema(), Object<traffic::Abandonment>{}.schema(definitions)})}};
}

}  // namespace weir::scenario
