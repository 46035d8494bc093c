#include "load/credentials.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <variant>

#include "core/letter_case.hpp"

namespace weir::load {
namespace {

using scenario::TargetSpec;

bool carries_credentials(std::string_view header) {
  constexpr std::array<std::string_view, 6> names = {
      "authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token"};
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return same_in_any_case(name, header); });
}

std::set<std::string> sent_as_credentials(const TargetSpec& target) {
  using Kind = scenario::FieldPlace::Kind;
  std::set<std::string> attributes;
  for (const auto& [attribute, where] : target.identify) {
    for (const scenario::FieldPlace& place : where.places) {
      const bool is_secret = place.kind == Kind::bearer || place.kind == Kind::api_key ||
                             (place.kind == Kind::header && carries_credentials(place.name));
      if (is_secret) attributes.insert(attribute);
    }
  }
  for (const auto& [header, value] : target.headers) {
    if (!carries_credentials(header) || value.kind != scenario::TextSource::Kind::text) continue;
    for (const scenario::TemplatePart& part : scenario::parse_template(value.text)) {
      if (part.is_name) attributes.insert(part.text);
    }
  }
  return attributes;
}

bool is_made_up(const traffic::ValueDistribution& values) {
  return std::holds_alternative<traffic::ZipfValues>(values) ||
         std::holds_alternative<traffic::UniformValues>(values) ||
         std::holds_alternative<traffic::SequenceValues>(values);
}

bool has_given_values(const scenario::Scenario& scenario, const std::string& attribute) {
  for (const traffic::ClassSpec& c : scenario.traffic) {
    const auto spec =
        std::find_if(c.attributes.begin(), c.attributes.end(),
                     [&](const traffic::AttributeSpec& a) { return a.name == attribute; });
    const bool is_given =
        spec == c.attributes.end() ? c.trace.has_value() : !is_made_up(spec->values);
    if (is_given) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> credential_attributes(const scenario::Scenario& scenario) {
  if (!scenario.target) return {};
  std::vector<std::string> credentials;
  for (const std::string& attribute : sent_as_credentials(*scenario.target)) {
    if (has_given_values(scenario, attribute)) credentials.push_back(attribute);
  }
  return credentials;
}

}  // namespace weir::load
