#include "scenario/class_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <variant>

#include "scenario/known_names.hpp"
#include "scenario/value_cover.hpp"

namespace weir::scenario {
namespace {

using traffic::AttributeSpec;
using traffic::ClassSpec;
using traffic::CostSpec;

const AttributeSpec* find_attribute(const ClassSpec& spec, const std::string& name) {
  const auto found =
      std::find_if(spec.attributes.begin(), spec.attributes.end(),
                   [&](const AttributeSpec& attribute) { return attribute.name == name; });
  return found == spec.attributes.end() ? nullptr : &*found;
}

/// Whether following `of` from the attribute comes back to it.
bool depends_on_itself(const ClassSpec& spec, const AttributeSpec& attribute) {
  std::set<std::string> met;
  const AttributeSpec* at = &attribute;
  while (at != nullptr && !at->of.empty() && met.insert(at->name).second) {
    if (at->of == attribute.name) return true;
    at = find_attribute(spec, at->of);
  }
  return false;
}

void check_of(const Place& attributes, const ClassSpec& spec, const KnownNames& known) {
  for (const AttributeSpec& attribute : spec.attributes) {
    if (attribute.of.empty()) continue;
    const Place place = attributes.field(attribute.name);
    if (!known.may_have(attribute.of)) {
      place.problem_of("of", unknown_name("attribute", attribute.of, known));
    } else if (depends_on_itself(spec, attribute)) {
      place.problem_of("of", fmt::format("must not depend on {} itself", attribute.name));
    }
  }
}

void check_cost_rows(const Place& class_place, const Place& table, const ClassSpec& spec,
                     const CostSpec& cost) {
  if (table.has("default")) return;
  if (!foresees_values(spec, cost.by)) {
    table.problem_of("default", fmt::format("is required: which values {} has is not known before "
                                            "the trace is read",
                                            cost.by));
    return;
  }
  const std::string pointer = class_place.pointer() + '/' + values_pointer(spec, cost.by);
  if (!table.reading().is_sound(pointer)) return;
  const auto missing = value_without_row(
      spec, cost.by, [&](const std::string& value) { return cost.rows.count(value) > 0; });
  if (missing) {
    table.problem(fmt::format("must have a row for \"{}\", a value of {}, or \"default\"", *missing,
                              cost.by));
  }
}

void check_costs(const Place& class_place, const ClassSpec& spec, const KnownNames& known) {
  for (const CostSpec& cost : spec.costs) {
    if (cost.by.empty()) continue;
    const Place table = class_place.field("costs").field(cost.name);
    if (!known.may_have(cost.by)) {
      table.problem_of("by", unknown_name("attribute", cost.by, known));
    } else if (class_place.reading().is_sound(table.pointer())) {
      check_cost_rows(class_place, table, spec, cost);
    }
  }
}

/// Clients have their attribute from elsewhere.
void check_client_attribute(const Place& attributes, const ClassSpec& spec) {
  const std::string name(client_attribute);
  if (!spec.clients || find_attribute(spec, name) == nullptr) return;
  attributes.problem_of(name,
                        "must not be given: clients have this attribute by themselves "
                        "(client-0, client-1, ...)");
}

/// What the behaviour needs to know of its client, in words; empty if nothing.
std::string_view reason_for_client(const traffic::OnDenied& on_denied) {
  if (std::holds_alternative<traffic::AdaptiveThrottle>(on_denied.behaviour)) {
    return "adaptive-throttle counts";
  }
  return on_denied.scope == traffic::RetryScope::client ? "scope \"client\" lets wait" : "";
}

void check_on_denied(const Place& on_denied_place, const ClassSpec& spec, const KnownNames& known) {
  const traffic::OnDenied& on_denied = spec.on_denied;
  if (!on_denied_place.reading().is_sound(on_denied_place.pointer())) return;
  const std::string_view reason = reason_for_client(on_denied);
  if (on_denied.client.empty() && !reason.empty()) {
    on_denied_place.problem_of(
        "client", fmt::format("is required: the attribute that says which client {}", reason));
  } else if (!on_denied.client.empty() && !known.may_have(on_denied.client)) {
    on_denied_place.problem_of("client", unknown_name("attribute", on_denied.client, known));
  }
}

}  // namespace

void check_class(const Place& class_place, const ClassSpec& spec) {
  const KnownNames known = attributes_of(spec);
  if (!spec.attributes.empty()) {
    check_of(class_place.field("attributes"), spec, known);
    check_client_attribute(class_place.field("attributes"), spec);
  }
  check_on_denied(class_place.field("on_denied"), spec, known);
  check_costs(class_place, spec, known);
}

}  // namespace weir::scenario
