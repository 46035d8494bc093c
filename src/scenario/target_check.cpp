#include "scenario/target_check.hpp"

#include <string>

#include "scenario/known_names.hpp"

namespace weir::scenario {
namespace {

/// What requests of any class have.
struct Known {
  KnownNames attributes;
  KnownNames costs;
  /// What a {NAME} may stand for.
  KnownNames all;
};

Known known_of(const Scenario& scenario) {
  Known known;
  for (const traffic::ClassSpec& spec : scenario.traffic) {
    known.attributes.add(attributes_of(spec));
    known.costs.add(costs_of(spec));
  }
  known.all.add(known.attributes);
  known.all.add(known.costs);
  known.all.names.emplace("operation");
  return known;
}

void check_template(const Place& place, std::string_view text, const Known& known) {
  for (const TemplatePart& part : parse_template(text)) {
    if (!part.is_name || known.all.may_have(part.text)) continue;
    place.problem(unknown_name("name in {}:", part.text, known.all));
  }
}

void check_source(const Place& place, const TextSource& source, const Known& known) {
  if (source.kind == TextSource::Kind::text) check_template(place, source.text, known);
}

}  // namespace

void check_target(const Place& document, const Scenario& scenario) {
  if (!scenario.target || !document.has("target")) return;
  const TargetSpec& target = *scenario.target;
  const Place place = document.field("target");
  const Known known = known_of(scenario);
  check_template(place.field("url"), target.url, known);
  check_source(place.field("body"), target.body, known);
  for (const auto& [name, source] : target.headers) {
    check_source(place.field("headers").field(name), source, known);
  }
  for (const auto& [name, where] : target.identify) {
    if (known.attributes.may_have(name) || known.costs.may_have(name)) continue;
    place.field("identify").problem_of(name, unknown_name("attribute", name, known.all));
  }
  for (const auto& [cost, most] : target.max_cost) {
    if (known.costs.may_have(cost)) continue;
    place.field("max_cost").problem_of(cost, unknown_name("cost", cost, known.costs));
  }
}

}  // namespace weir::scenario
