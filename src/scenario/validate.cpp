#include "scenario/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "core/int128.hpp"
#include "core/text.hpp"
#include "limiter/parameters.hpp"
#include "scenario/class_check.hpp"
#include "scenario/known_names.hpp"
#include "scenario/policy_check.hpp"
#include "scenario/target_check.hpp"

namespace weir::scenario {
namespace {

/// Names the list's elements that have no name PREFIX-1, PREFIX-2, ..., and reports names that are
/// not unique.
template <class T>
void complete_names(const Place& list, std::string_view prefix, std::vector<T>& named) {
  std::map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (named[i].name.empty()) named[i].name = fmt::format("{}-{}", prefix, i + 1);
    const auto [at, is_new] = first.emplace(named[i].name, i);
    if (is_new) continue;
    list.item(i).problem_of(
        "name", fmt::format("must be unique, but \"{}\" is also the name of {}/{}", named[i].name,
                            list.pointer(), at->second));
  }
}

bool ends_by_itself(const traffic::ClassSpec& spec) {
  return spec.trace.has_value() || spec.until.has_value();
}

void check_duration(const Place& document, const Scenario& scenario) {
  if (document.has("duration")) return;
  for (std::size_t i = 0; i < scenario.traffic.size(); ++i) {
    const std::string pointer = fmt::format("/traffic/{}", i);
    const traffic::ClassSpec& spec = scenario.traffic[i];
    if (ends_by_itself(spec) || !document.reading().is_sound(pointer)) continue;
    document.problem_of("duration",
                        fmt::format("is required, because {} (class \"{}\") does not end by itself",
                                    pointer, spec.name));
    return;
  }
}

void check_length(const Place& document, const Scenario& scenario) {
  if (!scenario.duration || *scenario.duration <= limiter::longest_window - scenario.warmup) return;
  document.problem_of("duration", fmt::format("must be at most {} together with the warm-up ({})",
                                              format_duration(limiter::longest_window),
                                              format_duration(scenario.warmup)));
}

void check_series(const Place& document, const Scenario& scenario) {
  if (!scenario.duration || !scenario.series_interval) return;
  const Duration shortest =
      Duration::from_ns(ceil_div(scenario.duration->ns(), most_series_points));
  if (*scenario.series_interval >= shortest) return;
  document.problem_of(
      "series_interval",
      fmt::format("must be at least {} for at most {} points in {}, got \"{}\"",
                  format_duration(shortest), most_series_points,
                  format_duration(*scenario.duration), format_duration(*scenario.series_interval)));
}

void check_traffic(const Place& document, Scenario& scenario) {
  if (scenario.traffic.empty()) return;
  const Place list = document.field("traffic");
  complete_names(list, "class", scenario.traffic);
  for (std::size_t i = 0; i < scenario.traffic.size(); ++i) {
    traffic::ClassSpec& spec = scenario.traffic[i];
    if (spec.clients && spec.on_denied.client.empty()) spec.on_denied.client = client_attribute;
    check_class(list.item(i), spec);
  }
}

void complete_limits(const Place& document, Scenario& scenario) {
  for (policy::PolicySpec& policy : scenario.policies) {
    if (policy.limits.empty()) continue;
    complete_names(policy_place(document, policy).field("limits"), "limit", policy.limits);
    for (policy::LimitSpec& limit : policy.limits) {
      if (limit.cost == "cost") limit.cost.clear();
    }
  }
}

}  // namespace

void complete_and_check(const Place& document, Scenario& scenario) {
  check_traffic(document, scenario);
  complete_limits(document, scenario);
  check_policies(document, scenario);
  check_duration(document, scenario);
  check_length(document, scenario);
  check_series(document, scenario);
  check_target(document, scenario);
}

}  // namespace weir::scenario
