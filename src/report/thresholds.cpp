#include "report/thresholds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "core/text.hpp"
#include "metrics/live_names.hpp"
#include "report/json.hpp"
#include "report/path.hpp"

namespace weir::report {
namespace {

using scenario::Comparison;
using scenario::Scenario;
using scenario::Threshold;
using Json = nlohmann::ordered_json;

bool holds(double value, const Threshold& threshold) {
  switch (threshold.comparison) {
    case Comparison::less:
      return value < threshold.value;
    case Comparison::less_or_equal:
      return value <= threshold.value;
    case Comparison::greater:
      return value > threshold.value;
    case Comparison::greater_or_equal:
      return value >= threshold.value;
    case Comparison::equal:
      return value == threshold.value;
    case Comparison::not_equal:
      return value != threshold.value;
  }
  return false;
}

bool ends_with_fields(const std::string& path, const std::string& fields) {
  return path == fields ||
         (path.size() > fields.size() && path[path.size() - fields.size() - 1] == '.' &&
          path.compare(path.size() - fields.size(), fields.size(), fields) == 0);
}

/// The field that was most likely meant: one that ends like it, or one that is spelled like it.
std::string suggest(const std::string& path, const std::vector<std::string>& known) {
  for (const std::string& candidate : known) {
    if (ends_with_fields(candidate, path)) return candidate;
  }
  return std::string(nearest(path, {known.begin(), known.end()}));
}

std::string missing(const std::string& path, const Json& report) {
  const std::string near = suggest(path, number_paths(report));
  if (near.empty()) return fmt::format("the report has no field {}", path);
  return fmt::format("the report has no field {}; did you mean {}?", path, near);
}

std::string not_a_number(const std::string& path, const Json& value) {
  if (value.is_structured()) {
    return fmt::format("{} is not a number but a group of fields: name one of them", path);
  }
  return fmt::format("{} is not a number but a {}", path, value.type_name());
}

/// Why a field could not be computed.
std::string_view null_reason(const std::string& path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> reasons = {
      {{"latency.allowed.", "no attempt was allowed"},
       {"latency.denied.", "no attempt was denied"},
       {"latency.operation.", "no operation ended"},
       {"latency.delay.", "no attempt was allowed"},
       {"delay_p99_ns", "no attempt was allowed"},
       {"attempts_per_success", "no operation succeeded"},
       {"state_bytes_per_key", "no key came"},
       {"verify.clock", "no decision depends on it, or it was not found"},
       {"series.p99_ns", "no attempt was allowed in that interval"}}};
  for (const auto& [part, reason] : reasons) {
    if (path.find(part) != std::string::npos) return reason;
  }
  return "there was no attempt";
}

Json failure(const Threshold& threshold, std::string reason) {
  return {{"expression", threshold.expression},
          {"value", nullptr},
          {"ok", false},
          {"reason", std::move(reason)}};
}

/// A field that only `weir verify` has, in the report of another command.
bool is_of_verify_only(const std::string& path, const Json& report) {
  return path.starts_with("verify.") && !report.contains("verify");
}

bool is_live(const Json& report) { return report.contains("target"); }

template <std::size_t N>
bool begins_with_any(std::string_view path, const std::array<std::string_view, N>& sections) {
  return std::any_of(sections.begin(), sections.end(),
                     [&](std::string_view section) { return path.starts_with(section); });
}

/// Whether a field that a simulation's report has not got may be one of live runs only, for a
/// scenario may be for both.
bool may_be_of_live_runs(const std::string& path, const Json& report) {
  constexpr std::array<std::string_view, 9> sections = {
      "statuses.",           "errors.", "latency_from_send.", "schedule.", "connections", "bodies.",
      "rate_limit_headers.", "audit.",  "retry_after."};
  return !is_live(report) && begins_with_any(path, sections);
}

/// The other way round: what only a model knows of itself.
bool may_be_of_simulations(const std::string& path, const Json& report) {
  constexpr std::array<std::string_view, 6> sections = {
      "limits.", "accuracy.", "backend.", "policies.", "comparison.", "errors.queue_full"};
  return is_live(report) && begins_with_any(path, sections);
}

/// What a live report counts by name, and lists only where there was any.
Json no_counts_by_name() {
  Json statuses = Json::object();
  for (int status = 100; status < 600; ++status) statuses[fmt::format("{}", status)] = 0;
  Json errors = Json::object();
  for (const std::string_view kind : metrics::live_error_names) errors[std::string(kind)] = 0;
  Json headers = Json::object();
  for (const std::string_view family : metrics::header_family_names) {
    headers[std::string(family)] = {{"answers", 0}, {"malformed", 0}};
  }
  return {{"statuses", std::move(statuses)},
          {"errors", std::move(errors)},
          {"rate_limit_headers", std::move(headers)}};
}

Json evaluate(const Threshold& threshold, const Json& report) {
  const std::string& path = threshold.path;
  const Json* value = find_path(report, path);
  Json none;
  if (value == nullptr && is_live(report)) {
    none = no_counts_by_name();
    value = find_path(none, path);
  }
  if (value == nullptr && is_of_verify_only(path, report)) {
    return {{"expression", threshold.expression},
            {"value", nullptr},
            {"ok", true},
            {"reason", fmt::format("{} is of weir verify only: not judged", path)}};
  }
  const bool of_live_runs = may_be_of_live_runs(path, report);
  if (value == nullptr && (of_live_runs || may_be_of_simulations(path, report))) {
    return {{"expression", threshold.expression},
            {"value", nullptr},
            {"ok", true},
            {"reason", fmt::format("{} is of {} only: not judged", path,
                                   of_live_runs ? "live runs" : "simulations")}};
  }
  if (value == nullptr) return failure(threshold, missing(path, report));
  if (value->is_null()) {
    return failure(threshold, fmt::format("{} is null: {}", path, null_reason(path)));
  }
  if (!value->is_number()) return failure(threshold, not_a_number(path, *value));
  return {{"expression", threshold.expression},
          {"value", *value},
          {"ok", holds(value->get<double>(), threshold)}};
}

// ---- Before the run

/// The report of a run in which nothing came.
Json empty_report(const Scenario& scenario, bool live) {
  metrics::Outcome outcome;
  for (const policy::PolicySpec& policy : scenario.policies) {
    outcome.policies.push_back({policy.name, {}});
    if (live) outcome.policies.back().accumulator.live.emplace();
  }
  if (live) outcome.live.emplace();
  if (live) outcome.verification.emplace();
  Scenario without_thresholds = scenario;
  without_thresholds.thresholds.clear();
  return make_report(without_thresholds, outcome, {});
}

/// Whether the scenario file itself lists the values that every class may bring for the attribute.
bool lists_its_values(const Scenario& scenario, const std::string& attribute) {
  for (const traffic::ClassSpec& traffic : scenario.traffic) {
    if (traffic.trace) return false;
    for (const traffic::AttributeSpec& spec : traffic.attributes) {
      const bool listed = std::holds_alternative<traffic::ConstantValue>(spec.values) ||
                          std::holds_alternative<traffic::WeightedValues>(spec.values);
      if (spec.name == attribute && !listed) return false;
    }
  }
  return true;
}

/// Puts a "*" wherever names or lengths depend on what the traffic brings.
void open_up(const Scenario& scenario, Json& figures) {
  const Json counts = {{"attempts", 0}, {"allowed", 0},         {"denied", 0},
                       {"errors", 0},   {"allowed_ratio", 0.0}, {"denied_ratio", 0.0}};
  Json& by_attribute = figures["by_attribute"];
  for (const traffic::ClassSpec& traffic : scenario.traffic) {
    if (traffic.trace) {
      by_attribute["*"]["*"] = counts;
      figures["costs"]["*"] = {{"offered", 0}, {"allowed", 0}, {"denied", 0}};
    }
    for (const traffic::AttributeSpec& attribute : traffic.attributes) {
      if (!lists_its_values(scenario, attribute.name)) by_attribute[attribute.name]["*"] = counts;
    }
  }
  figures["top_denied"] = {{"*", {{"denied", 0}, {"longest_block_ns", 0}}}};
  for (const char* column : {"attempts", "allowed", "denied", "p99_ns"}) {
    figures["series"][column] = {{"*", 0}};
  }
  if (!figures.contains("statuses")) return;
  figures.update(no_counts_by_name());
}

Json expected_report(const Scenario& scenario, bool live) {
  Json report = empty_report(scenario, live);
  if (!scenario.has_named_policies()) {
    open_up(scenario, report);
  } else {
    for (Json& figures : report["policies"]) open_up(scenario, figures);
  }
  return report;
}

}  // namespace

Json evaluate_thresholds(const std::vector<Threshold>& thresholds, const Json& report) {
  Json rows = Json::array();
  for (const Threshold& threshold : thresholds) rows.push_back(evaluate(threshold, report));
  return rows;
}

tl::expected<void, Problems> check_threshold_paths(const Scenario& scenario, bool live) {
  if (scenario.thresholds.empty()) return {};
  const Json report = expected_report(scenario, live);
  const Json other = live ? report : expected_report(scenario, true);
  Problems problems;
  for (std::size_t i = 0; i < scenario.thresholds.size(); ++i) {
    const std::string& path = scenario.thresholds[i].path;
    const Json* value = find_in_pattern(report, path);
    if (value == nullptr) value = find_in_pattern(other, path);
    if (value == nullptr && may_be_of_simulations(path, report)) continue;
    if (value != nullptr && (value->is_number() || value->is_null())) continue;
    problems.push_back({fmt::format("/thresholds/{}", i),
                        value == nullptr ? missing(path, report) : not_a_number(path, *value)});
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return {};
}

}  // namespace weir::report
