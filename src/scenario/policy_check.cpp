#include "scenario/policy_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "core/columns.hpp"
#include "core/text.hpp"
#include "scenario/known_names.hpp"
#include "scenario/value_cover.hpp"

namespace weir::scenario {
namespace {

using policy::LimitSpec;
using policy::ParameterTable;

/// A limit, where it stands, and what it may refer to.
struct Subject {
  const Place& place;
  const LimitSpec& limit;
  const Scenario& scenario;
  const KnownNames& attributes;
  const KnownNames& costs;
};

/// The names of a list, each of which should be an attribute.
void check_attribute_names(const Place& list, const std::vector<std::string>& names,
                           const KnownNames& attributes) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty() || attributes.may_have(names[i])) continue;
    list.item(i).problem(unknown_name("attribute", names[i], attributes));
  }
}

/// The name in that field, if any, should be a cost.
void check_cost_name(const Place& place, std::string_view field, const std::string& name,
                     const KnownNames& costs) {
  if (name.empty() || name == default_cost || costs.may_have(name)) return;
  place.problem_of(field, unknown_name("cost", name, costs));
}

void check_key(const Subject& subject) {
  check_attribute_names(subject.place.field("key"), subject.limit.key, subject.attributes);
}

void check_when(const Subject& subject) {
  for (const auto& [name, values] : subject.limit.when) {
    if (name.empty() || subject.attributes.may_have(name)) continue;
    subject.place.field("when").problem_of(name,
                                           unknown_name("attribute", name, subject.attributes));
  }
}

void check_cost(const Subject& subject) {
  check_cost_name(subject.place, "cost", subject.limit.cost, subject.costs);
  const std::string& reserve = subject.limit.charge.reserve;
  if (reserve.empty()) return;
  check_cost_name(subject.place.field("charge"), "reserve", reserve, subject.costs);
}

/// Whether the limit applies to requests whose attribute has the value, as far as that goes.
bool applies_to(const LimitSpec& limit, const std::string& attribute, const std::string& value) {
  const auto when = limit.when.find(attribute);
  if (when == limit.when.end()) return true;
  return std::find(when->second.begin(), when->second.end(), value) != when->second.end();
}

void check_rows(const Subject& subject, const Place& place, const ParameterTable& table) {
  if (table.otherwise) return;
  const auto has_row = [&](const std::string& value) {
    return table.rows.count(value) > 0 || !applies_to(subject.limit, table.by, value);
  };
  for (std::size_t i = 0; i < subject.scenario.traffic.size(); ++i) {
    const traffic::ClassSpec& spec = subject.scenario.traffic[i];
    const std::string pointer = fmt::format("/traffic/{}/{}", i, values_pointer(spec, table.by));
    if (!foresees_values(spec, table.by) || !place.reading().is_sound(pointer)) continue;
    const auto missing = value_without_row(spec, table.by, has_row);
    if (!missing) continue;
    place.problem(fmt::format("must have a row for \"{}\", a value of {}, or \"default\"", *missing,
                              table.by));
    return;
  }
}

void check_tables(const Subject& subject) {
  for (const auto& [name, table] : subject.limit.tables) {
    const Place place = subject.place.field(name);
    const bool is_sound = place.reading().is_sound(place.pointer());
    if (!table.by.empty() && !subject.attributes.may_have(table.by)) {
      place.problem_of("by", unknown_name("attribute", table.by, subject.attributes));
    } else if (is_sound) {
      check_rows(subject, place, table);
    }
  }
}

/// Where requests are served in no time, nobody leaves in the middle.
void check_abandon(const Place& document, const Scenario& scenario) {
  if (scenario.backend || document.has("backend")) return;
  for (std::size_t i = 0; i < scenario.traffic.size(); ++i) {
    const traffic::Abandonment& abandon = scenario.traffic[i].abandon;
    if (abandon.share <= 0.0 || abandon.after) continue;
    document.field("traffic").item(i).problem_of(
        "abandon", "needs a \"backend\", or \"after\": requests are served in no time without");
  }
}

void check_backend_and_fairness(const Place& document, const Scenario& scenario,
                                const KnownNames& attributes, const KnownNames& costs) {
  if (scenario.backend) {
    check_cost_name(document.field("backend"), "tokens", scenario.backend->tokens, costs);
  }
  check_attribute_names(document.field("fairness").field("by"), scenario.fairness_by, attributes);
}

/// Whether what is wrong with the traffic may hide names: a class, its attributes, its costs or its
/// trace, its clients, whether rightly spelt or not.
bool hides_names(const Problem& problem) {
  const std::vector<std::string> tokens =
      pointer_tokens(problem.pointer).value_or(std::vector<std::string>());
  if (tokens.empty() || tokens[0] != "traffic" || tokens.size() > 4) return false;
  if (tokens.size() <= 2) return true;
  const std::string_view field = nearest(tokens[2], {"attributes", "clients", "costs", "trace"});
  return !field.empty() && (tokens.size() == 3 || field == "trace");
}

}  // namespace

Place policy_place(const Place& document, const policy::PolicySpec& policy) {
  if (policy.name.empty() && document.has("policy")) return document.field("policy");
  return document.field("policies").field(policy.name);
}

void check_policies(const Place& document, const Scenario& scenario) {
  const Problems& problems = document.reading().problems;
  KnownNames attributes;
  attributes.may_have_more = std::any_of(problems.begin(), problems.end(), hides_names);
  KnownNames costs = attributes;
  for (const traffic::ClassSpec& spec : scenario.traffic) {
    attributes.add(attributes_of(spec));
    costs.add(costs_of(spec));
  }
  check_backend_and_fairness(document, scenario, attributes, costs);
  check_abandon(document, scenario);
  for (const policy::PolicySpec& policy : scenario.policies) {
    if (policy.limits.empty()) continue;
    const Place limits = policy_place(document, policy).field("limits");
    for (std::size_t i = 0; i < policy.limits.size(); ++i) {
      const Place place = limits.item(i);
      const Subject subject{place, policy.limits[i], scenario, attributes, costs};
      check_key(subject);
      check_when(subject);
      check_cost(subject);
      check_tables(subject);
    }
  }
}

}  // namespace weir::scenario
