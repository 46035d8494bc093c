#include "report/figures.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "report/accumulator_json.hpp"

namespace weir::report {
namespace {

using metrics::Accumulator;
using metrics::Counts;
using metrics::Histogram;
using metrics::LimitTotals;
using metrics::SeriesPoint;
using Json = nlohmann::ordered_json;

constexpr std::size_t top_denied_shown = 10;

Json make_totals(const Accumulator& a) {
  std::uint64_t active_keys = 0;
  for (const LimitTotals& limit : a.limits) active_keys = std::max(active_keys, limit.keys);
  return {{"attempts", a.totals.attempts},
          {"allowed", a.totals.allowed},
          {"denied", a.totals.denied},
          {"errors", a.totals.errors},
          {"allowed_ratio", ratio(a.totals.allowed, a.totals.attempts)},
          {"denied_ratio", ratio(a.totals.denied, a.totals.attempts)},
          {"active_keys", active_keys}};
}

Json make_counts(const Counts& counts) {
  return {{"attempts", counts.attempts},
          {"allowed", counts.allowed},
          {"denied", counts.denied},
          {"errors", counts.errors},
          {"allowed_ratio", ratio(counts.allowed, counts.attempts)},
          {"denied_ratio", ratio(counts.denied, counts.attempts)}};
}

Json make_operations(const Accumulator& a) {
  return {{"count", a.operations.count},
          {"succeeded", a.operations.succeeded},
          {"abandoned", a.operations.abandoned},
          {"attempts_per_success", ratio(a.totals.attempts, a.operations.succeeded)}};
}

Json make_costs(const scenario::Scenario& scenario, const Accumulator& a) {
  std::map<std::string, metrics::CostTotals> costs = a.costs;
  for (const traffic::ClassSpec& traffic : scenario.traffic) {
    for (const traffic::CostSpec& cost : traffic.costs) costs[cost.name];
  }
  Json section = Json::object();
  for (const auto& [name, cost] : costs) {
    section[name] = {{"offered", cost.offered}, {"allowed", cost.allowed}, {"denied", cost.denied}};
  }
  return section;
}

Json make_limits(const policy::PolicySpec& policy, const Accumulator& a) {
  Json section = Json::array();
  for (std::size_t i = 0; i < policy.limits.size(); ++i) {
    const policy::LimitSpec& spec = policy.limits[i];
    const LimitTotals limit = i < a.limits.size() ? a.limits[i] : LimitTotals{};
    section.push_back({{"name", spec.name},
                       {"algorithm", spec.algorithm},
                       {"enforce", spec.enforce},
                       {"allowed", limit.allowed},
                       {"denied", limit.denied},
                       {"keys", limit.keys},
                       {"state_bytes_per_key", ratio(limit.state_bytes, limit.keys)}});
  }
  return section;
}

Json make_classes(const scenario::Scenario& scenario, const Accumulator& a) {
  Json section = Json::object();
  for (std::size_t i = 0; i < scenario.traffic.size(); ++i) {
    section[scenario.traffic[i].name] = make_counts(i < a.classes.size() ? a.classes[i] : Counts{});
  }
  return section;
}

/// The values that the scenario file itself lists for an attribute.
std::vector<std::string> listed_values(const traffic::AttributeSpec& attribute) {
  if (const auto* constant = std::get_if<traffic::ConstantValue>(&attribute.values)) {
    return {constant->value};
  }
  std::vector<std::string> values;
  if (const auto* weighted = std::get_if<traffic::WeightedValues>(&attribute.values)) {
    for (const auto& [value, weight] : weighted->weights) values.push_back(value);
  }
  return values;
}

/// Listed values that never came stand there with zeros, but only in attributes that are counted:
/// one with too many values to count must not look as if nothing had come.
Json make_by_attribute(const scenario::Scenario& scenario, const Accumulator& a,
                       const Names& names) {
  std::map<std::string, std::map<std::string, Counts>> attributes = a.by_attribute;
  for (const traffic::ClassSpec& traffic : scenario.traffic) {
    for (const traffic::AttributeSpec& attribute : traffic.attributes) {
      if (a.totals.attempts > 0 && attributes.count(attribute.name) == 0) continue;
      for (const std::string& value : listed_values(attribute)) {
        attributes[attribute.name][names.value(attribute.name, value)];
      }
    }
  }
  Json section = Json::object();
  for (const auto& [attribute, values] : attributes) {
    Json& rows = section[attribute] = Json::object();
    for (const auto& [value, counts] : values) rows[value] = make_counts(counts);
  }
  return section;
}

Json make_top_denied(const policy::PolicySpec& policy, const Accumulator& a) {
  Json section = Json::array();
  for (const metrics::DeniedKey& denied : a.top_denied) {
    if (section.size() == top_denied_shown) break;
    if (denied.limit >= policy.limits.size()) continue;
    section.push_back({{"key", denied.key},
                       {"limit", policy.limits[denied.limit].name},
                       {"denied", denied.denied},
                       {"longest_block_ns", denied.longest_block_ns}});
  }
  return section;
}

Json make_percentiles(const Histogram& h) {
  constexpr std::array<std::pair<const char*, std::uint32_t>, 6> percentiles = {
      {{"p50_ns", 500'000},
       {"p75_ns", 750'000},
       {"p90_ns", 900'000},
       {"p95_ns", 950'000},
       {"p99_ns", 990'000},
       {"p999_ns", 999'000}}};
  const auto known = [&](std::int64_t value) { return h.count() > 0 ? Json(value) : Json(); };
  Json section = {{"count", h.count()}, {"min_ns", known(h.min())}, {"mean_ns", known(h.mean())}};
  for (const auto& [name, parts] : percentiles) section[name] = known(h.percentile(parts));
  section["max_ns"] = known(h.max());
  return section;
}

Json make_latency(const Accumulator& a) {
  return {{"allowed", make_percentiles(a.latency_allowed)},
          {"denied", make_percentiles(a.latency_denied)},
          {"operation", make_percentiles(a.latency_operation)},
          {"delay", make_percentiles(a.delay)}};
}

/// How many intervals the series of a run has; those after the last request are empty, but one that
/// was interrupted ends where it was.
std::size_t series_length(const metrics::Outcome& outcome, const Accumulator& a) {
  const std::int64_t interval = outcome.series_interval.ns();
  if (outcome.interrupted || interval <= 0) return a.series.size();
  const std::int64_t whole = outcome.duration.ns() / interval;
  const std::int64_t rest = outcome.duration.ns() % interval > 0 ? 1 : 0;
  return std::max(a.series.size(),
                  static_cast<std::size_t>(std::max<std::int64_t>(whole, 0) + rest));
}

Json make_series(const metrics::Outcome& outcome, const Accumulator& a) {
  Json attempts = Json::array(), allowed = Json::array(), denied = Json::array(),
       p99 = Json::array();
  const SeriesPoint nothing;
  for (std::size_t i = 0; i < series_length(outcome, a); ++i) {
    const SeriesPoint& point = i < a.series.size() ? a.series[i] : nothing;
    attempts.push_back(point.attempts);
    allowed.push_back(point.allowed);
    denied.push_back(point.denied);
    p99.push_back(point.latency.count() > 0 ? Json(point.latency.percentile(990'000)) : Json());
  }
  return {{"interval_ns", outcome.series_interval.ns()},
          {"attempts", std::move(attempts)},
          {"allowed", std::move(allowed)},
          {"denied", std::move(denied)},
          {"p99_ns", std::move(p99)}};
}

Json peak(const Json& counts) {
  std::uint64_t most = 0;
  for (const Json& count : counts) most = std::max(most, count.get<std::uint64_t>());
  return most;
}

Json state_bytes_per_key(const Json& figures) {
  std::uint64_t bytes = 0;
  for (const Json& limit : figures["accumulator"]["limits"]) {
    bytes += limit["state_bytes"].get<std::uint64_t>();
  }
  return ratio(bytes, figures["totals"]["active_keys"].get<std::uint64_t>());
}

}  // namespace

Json ratio(std::uint64_t numerator, std::uint64_t denominator) {
  if (denominator == 0) return nullptr;
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

Json make_figures(const scenario::Scenario& scenario, const policy::PolicySpec& policy,
                  const metrics::Outcome& outcome, const Accumulator& accumulator,
                  const Names& names) {
  const Accumulator a = names.rename(accumulator);
  return {{"totals", make_totals(a)},
          {"operations", make_operations(a)},
          {"costs", make_costs(scenario, a)},
          {"limits", make_limits(policy, a)},
          {"classes", make_classes(scenario, a)},
          {"by_attribute", make_by_attribute(scenario, a, names)},
          {"denied_keys", a.denied_keys},
          {"top_denied", make_top_denied(policy, a)},
          {"latency", make_latency(a)},
          {"series", make_series(outcome, a)},
          {"accumulator", accumulator_to_json(a)}};
}

Json make_comparison(const Json& policies) {
  Json rows = Json::array();
  for (const auto& [name, figures] : policies.items()) {
    const Json& totals = figures["totals"];
    rows.push_back({{"policy", name},
                    {"allowed", totals["allowed"]},
                    {"denied", totals["denied"]},
                    {"allowed_ratio", totals["allowed_ratio"]},
                    {"denied_ratio", totals["denied_ratio"]},
                    {"denied_keys", figures["denied_keys"]},
                    {"peak_allowed", peak(figures["series"]["allowed"])},
                    {"delay_p99_ns", figures["latency"]["delay"]["p99_ns"]},
                    {"state_bytes_per_key", state_bytes_per_key(figures)}});
  }
  return rows;
}

}  // namespace weir::report
