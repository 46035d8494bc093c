#include "report/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/text.hpp"
#include "report/figures.hpp"
#include "report/names.hpp"
#include "report/thresholds.hpp"
#include "report/verification.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

Json make_traces(const metrics::Outcome& outcome) {
  Json section = Json::array();
  for (const TraceFacts& trace : outcome.traces) {
    section.push_back({{"class", trace.traffic_class},
                       {"rows", trace.rows},
                       {"out_of_order", trace.out_of_order},
                       {"bad_rows", trace.bad_rows},
                       {"spread_ns", trace.spread_ns},
                       {"sha256", trace.sha256}});
  }
  return section;
}

void add_live_facts(const metrics::LiveFacts& live, Json& report) {
  report["target"] = {{"url", live.url},
                      {"engine", live.engine},
                      {"connections", live.connections},
                      {"threads", live.threads}};
  report["elapsed_ns"] = live.elapsed.ns();
  if (!live.nonce.empty()) report["target"]["nonce"] = live.nonce;
  if (!live.ended_by.empty()) report["ended_by"] = live.ended_by;
}

/// The outcome of the policy of that name, or null: a run may leave policies out.
const metrics::PolicyOutcome* find_outcome(const metrics::Outcome& outcome,
                                           const std::string& name) {
  for (const metrics::PolicyOutcome& policy : outcome.policies) {
    if (policy.name == name) return &policy;
  }
  return nullptr;
}

/// The figures of the single policy, or `policies` and `comparison`.
Json make_results(const scenario::Scenario& scenario, const metrics::Outcome& outcome,
                  const Names& names) {
  Json policies = Json::object();
  for (const policy::PolicySpec& spec : scenario.policies) {
    const metrics::PolicyOutcome* policy = find_outcome(outcome, spec.name);
    if (policy == nullptr) continue;
    policies[spec.name] = make_figures(scenario, spec, outcome, policy->accumulator, names);
  }
  if (!scenario.has_named_policies()) return policies.empty() ? policies : policies[""];
  Json comparison = make_comparison(policies);
  return {{"policies", std::move(policies)}, {"comparison", std::move(comparison)}};
}

/// What merging needs to know beside what a whole run's report has.
Json make_shard(const metrics::Outcome& outcome, const Names& names, bool pseudonyms) {
  std::set<std::string> key_attributes;
  for (const metrics::PolicyOutcome& policy : outcome.policies) {
    key_attributes.merge(names.key_attributes(policy.accumulator));
  }
  Json section = {{"index", outcome.shard->index},
                  {"count", outcome.shard->count},
                  {"key_attributes", key_attributes}};
  if (pseudonyms) section["pseudonyms"] = true;
  return section;
}

/// Of a part of a run they say nothing.
Json unjudged_thresholds(const scenario::Scenario& scenario) {
  Json rows = Json::array();
  for (const scenario::Threshold& threshold : scenario.thresholds) {
    rows.push_back({{"expression", threshold.expression},
                    {"value", nullptr},
                    {"ok", true},
                    {"reason", "judged when the shards are merged"}});
  }
  return rows;
}

const char* verdict(const metrics::Outcome& outcome, const Json& thresholds) {
  if (outcome.interrupted || outcome.shard || !outcome.why_inconclusive.empty())
    return "inconclusive";
  if (outcome.verification && !outcome.verification->passes()) return "fail";
  const bool all_hold = std::all_of(thresholds.begin(), thresholds.end(),
                                    [](const Json& row) { return row["ok"].get<bool>(); });
  return all_hold ? "pass" : "fail";
}

// ---- As text

std::string on_one_line(const Json& json) {
  if (json.is_structured() && !json.empty()) {
    std::string text(json.is_array() ? "[" : "{");
    const char* separator = "";
    for (const auto& [name, value] : json.items()) {
      text += separator;
      if (json.is_object()) text += on_one_line(Json(name)) + ": ";
      text += on_one_line(value);
      separator = ", ";
    }
    return text += json.is_array() ? "]" : "}";
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool fits_one_line(const Json& json) {
  const auto is_structured = [](const Json& value) { return value.is_structured(); };
  return json.empty() || !json.is_structured() ||
         (json.is_array() && std::none_of(json.begin(), json.end(), is_structured));
}

void write(const Json& json, std::size_t indent, std::string& text) {
  if (fits_one_line(json)) {
    text += on_one_line(json);
    return;
  }
  const char* separator = "\n";
  text += json.is_array() ? "[" : "{";
  for (const auto& [name, value] : json.items()) {
    text += separator;
    text.append(indent + 2, ' ');
    if (json.is_array()) {
      text += on_one_line(value);
    } else {
      text += on_one_line(Json(name)) + ": ";
      write(value, indent + 2, text);
    }
    separator = ",\n";
  }
  text += '\n';
  text.append(indent, ' ');
  text += json.is_array() ? "]" : "}";
}

}  // namespace

Json make_report(const scenario::Scenario& scenario, const metrics::Outcome& outcome,
                 const ReportOptions& options) {
  Json report = {
      {"schema_version", 1},
      {"version", WEIR_VERSION},
      {"mode", outcome.mode},
      {"scenario",
       {{"name", scenario.name}, {"sha256", outcome.scenario_sha256}, {"seed", scenario.seed}}},
      {"start", format_instant(outcome.start)},
      {"duration_ns", outcome.duration.ns()},
      {"verdict", "inconclusive"},
      {"thresholds", Json::array()}};
  const Names names(scenario, options.pseudonyms);
  if (outcome.shard) report["shard"] = make_shard(outcome, names, options.pseudonyms);
  if (outcome.interrupted) {
    report["interrupted"] = true;
    report["done_ratio"] = ratio(outcome.done_parts_per_million, 1'000'000);
  }
  if (!outcome.why_inconclusive.empty()) {
    report["inconclusive_because"] = outcome.why_inconclusive;
  }
  if (outcome.live) add_live_facts(*outcome.live, report);
  if (!outcome.traces.empty()) report["traces"] = make_traces(outcome);
  Json results = make_results(scenario, outcome, names);
  for (auto& section : results.items()) report[section.key()] = std::move(section.value());
  if (outcome.verification) report["verify"] = make_verification(*outcome.verification);
  report["thresholds"] = outcome.shard ? unjudged_thresholds(scenario)
                                       : evaluate_thresholds(scenario.thresholds, report);
  report["verdict"] = verdict(outcome, report["thresholds"]);
  return report;
}

std::string file_stem(const Json& report) {
  std::string stem = report["scenario"]["name"].get<std::string>();
  // Beside the report of a simulation of the same scenario.
  if (report["mode"] == "sweep") stem += ".sweep";
  if (const auto shard = report.find("shard"); shard != report.end()) {
    stem += fmt::format(".shard-{}-of-{}", (*shard)["index"].get<std::uint32_t>(),
                        (*shard)["count"].get<std::uint32_t>());
  }
  return stem;
}

std::string to_text(const Json& report) {
  std::string text;
  write(report, 0, text);
  return text + '\n';
}

}  // namespace weir::report
