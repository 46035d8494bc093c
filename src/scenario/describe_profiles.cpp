#include "scenario/describe_profiles.hpp"

namespace weir::scenario {
namespace {

bool read_step(const Place& place, std::pair<Duration, Rate>& step) {
  const Json& json = place.json();
  if (!json.is_array() || json.size() != 2) {
    place.problem("must be an instant and a rate such as [\"30s\", \"500/s\"], got " + show(json));
    return false;
  }
  const bool has_time = read_member(Time{}, place.item(0), step.first);
  return read_member(Speed{}, place.item(1), step.second) && has_time;
}

bool is_in_order(const Place& place, const traffic::StepProfile& profile) {
  const auto& steps = profile.steps;
  if (steps[0].first != Duration()) {
    place.item(0).item(0).problem("must be \"0s\", the first step's instant, got " +
                                  show(place.json()[0][0]));
    return false;
  }
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (steps[i].first > steps[i - 1].first) continue;
    place.item(i).item(0).problem(fmt::format("must be later than the step before it ({}), got {}",
                                              format_duration(steps[i - 1].first),
                                              show(place.json()[i][0])));
    return false;
  }
  return true;
}

bool is_somewhere_positive(const traffic::RateProfile& profile) {
  if (const auto* rate = std::get_if<Rate>(&profile)) return rate->units > 0;
  if (const auto* ramp = std::get_if<traffic::RampProfile>(&profile)) {
    return ramp->from.units > 0 || ramp->to.units > 0;
  }
  if (const auto* sine = std::get_if<traffic::SineProfile>(&profile)) return sine->mean.units > 0;
  const auto& steps = std::get<traffic::StepProfile>(profile).steps;
  return std::any_of(steps.begin(), steps.end(),
                     [](const auto& step) { return step.second.units > 0; });
}

bool read_any_profile(const Place& place, traffic::RateProfile& profile) {
  if (place.json().is_string()) return read_member(Speed{}, place, profile);
  if (place.json().is_object()) return Object<traffic::RateProfile>{}.read(place, profile);
  place.problem(
      "must be a rate such as \"100/s\" or an object with \"steps\", \"ramp\" or \"sine\", got " +
      show(place.json()));
  return false;
}

}  // namespace

bool StepsCodec::read(const Place& place, traffic::StepProfile& profile) const {
  if (!place.json().is_array() || place.json().empty()) {
    place.problem("must be steps such as [[\"0s\", \"100/s\"], [\"30s\", \"500/s\"]], got " +
                  (place.json().is_array() ? "none" : show(place.json())));
    return false;
  }
  bool is_right = true;
  for (std::size_t i = 0; i < place.json().size(); ++i) {
    is_right = read_step(place.item(i), profile.steps.emplace_back()) && is_right;
  }
  return is_right && is_in_order(place, profile);
}

Json StepsCodec::schema() const {
  const Json step = {{"type", "array"},
                     {"prefixItems", Json::array({Time{}.schema(), Speed{}.schema()})},
                     {"items", false},
                     {"minItems", 2}};
  return {{"type", "array"}, {"items", step}, {"minItems", 1}};
}

bool ProfileCodec::read(const Place& place, traffic::RateProfile& profile) const {
  if (!read_any_profile(place, profile)) return false;
  if (is_somewhere_positive(profile)) return true;
  place.problem("must be above 0 somewhere, got " +
                (place.json().is_string() ? show(place.json()) : "only zeros"));
  return false;
}

Json ProfileCodec::schema(Definitions& definitions) const {
  return {
      {"anyOf", Json::array({Speed{}.schema(),
                             Object<traffic::RateProfile>{"rate-profile"}.schema(definitions)})}};
}

}  // namespace weir::scenario
