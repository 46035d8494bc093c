#include "sweep/objectives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir::sweep {
namespace {

using scenario::Comparison;

bool bounds_from_above(const scenario::Threshold& threshold) {
  return threshold.comparison == Comparison::less ||
         threshold.comparison == Comparison::less_or_equal;
}

/// A threshold's field, without the policy in front.
std::string own_field(const scenario::Threshold& threshold, const std::string& prefix) {
  return threshold.path.starts_with(prefix) ? threshold.path.substr(prefix.size()) : threshold.path;
}

std::string peak_field(const scenario::Scenario& scenario, const std::string& policy) {
  for (const policy::PolicySpec& spec : scenario.policies) {
    if (spec.name != policy) continue;
    for (const policy::LimitSpec& limit : spec.limits) {
      if (!limit.reference || !limit.key.empty()) continue;
      return fmt::format("accuracy.{}.peak_in_window", limit.name);
    }
  }
  return peak_allowed;
}

}  // namespace

std::vector<Objective> default_objectives(const scenario::Scenario& scenario,
                                          const std::string& policy) {
  const std::string prefix = policy.empty() ? "" : fmt::format("policies.{}.", policy);
  Objective denied{"totals.denied_ratio"};
  Objective peak{peak_field(scenario, policy)};
  bool of_class = false, denied_bounded = false, peak_bounded = false;
  for (const scenario::Threshold& threshold : scenario.thresholds) {
    if (!bounds_from_above(threshold)) continue;
    const std::string field = own_field(threshold, prefix);
    peak_bounded = peak_bounded || field == peak.field;
    if (!field.ends_with("denied_ratio")) continue;
    denied_bounded = true;
    if (of_class || !field.starts_with("classes.")) continue;
    of_class = true;
    denied.field = field;
  }
  if (denied_bounded && !peak_bounded) return {peak, denied};
  return {denied, peak};
}

bool is_peak_allowed(const std::string& field) {
  const std::string end = fmt::format(".{}", peak_allowed);
  return field == peak_allowed || (field.starts_with("policies.") && field.ends_with(end));
}

bool is_series(const std::string& field) {
  constexpr const char* columns[] = {"attempts", "allowed",   "denied",
                                     "retries",  "succeeded", "p99_ns"};
  const std::size_t dot = field.rfind('.');
  if (dot == std::string::npos) return false;
  const std::string section = field.substr(0, dot);
  if (section != "series" && !section.ends_with(".series")) return false;
  return std::any_of(std::begin(columns), std::end(columns),
                     [&](const char* column) { return field.substr(dot + 1) == column; });
}

}  // namespace weir::sweep
