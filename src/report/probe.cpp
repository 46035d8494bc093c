#include "report/probe.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;
using metrics::ProbeFacts;

/// As it would stand in a scenario: a number, true or false, or words.
Json scenario_value(const std::string& text) {
  if (const auto number = parse_integer(text)) return *number;
  if (text == "true" || text == "false") return text == "true";
  return text;
}

Json limit_json(const ProbeFacts::Limit& limit) {
  Json parameters = Json::object();
  Json ranges = Json::object();
  for (const ProbeFacts::Parameter& parameter : limit.parameters) {
    parameters[parameter.name] = scenario_value(parameter.value);
    if (parameter.least.empty()) continue;
    ranges[parameter.name] = {
        {"least", scenario_value(parameter.least)},
        {"most", parameter.most.empty() ? Json() : scenario_value(parameter.most)}};
  }
  return {{"family", limit.family},
          {"algorithm", limit.algorithm},
          {"parameters", std::move(parameters)},
          {"ranges", std::move(ranges)}};
}

Json told_json(const ProbeFacts::Told& told) {
  return {{"present", told.present},
          {"truthful", told.truthful},
          {"untruthful", told.untruthful},
          {"undetermined", told.undetermined}};
}

Json counts_json(const std::map<std::string, std::uint64_t>& counts) {
  Json json = Json::object();
  for (const auto& [name, count] : counts) json[name] = count;
  return json;
}

/// Requests as parallel arrays, for whoever draws them.
Json seen_json(const std::vector<ProbeFacts::Seen>& seen) {
  Json tracks = Json::array();
  Json sent = Json::array();
  Json received = Json::array();
  std::string decisions;
  for (const ProbeFacts::Seen& one : seen) {
    tracks.push_back(one.track);
    sent.push_back(one.sent.ns());
    received.push_back(one.received.ns());
    decisions += !one.is_known ? '?' : one.allowed ? 'a' : 'd';
  }
  return {{"track", std::move(tracks)},
          {"sent_ns", std::move(sent)},
          {"received_ns", std::move(received)},
          {"decisions", std::move(decisions)}};
}

Json experiment_json(const ProbeFacts::Experiment& experiment) {
  return {{"name", experiment.name},
          {"question", experiment.question},
          {"showed", experiment.showed},
          {"begin", format_instant(experiment.begin)},
          {"duration_ns", experiment.duration.ns()},
          {"requests", experiment.requests},
          {"allowed", experiment.allowed},
          {"denied", experiment.denied},
          {"unknown", experiment.unknown},
          {"seen", seen_json(experiment.seen)}};
}

Json alternative_json(const ProbeFacts::Alternative& alternative) {
  Json json = limit_json(alternative.limit);
  json["unexplained"] = alternative.unexplained;
  json["against"] = alternative.against;
  return json;
}

Json found_json(const metrics::ProbeOutcome& outcome) {
  const ProbeFacts& facts = outcome.facts;
  Json probe = limit_json(facts.found);
  probe["confidence"] = facts.confidence;
  probe["unexplained"] = facts.unexplained;
  probe["further_limits"] = Json::array();
  for (const auto& limit : facts.further_limits) {
    probe["further_limits"].push_back(limit_json(limit));
  }
  probe["alternatives"] = Json::array();
  for (const auto& other : facts.alternatives) {
    probe["alternatives"].push_back(alternative_json(other));
  }
  probe["cannot_tell_apart"] = facts.cannot_tell_apart;
  probe["keyed_by"] = facts.keyed_by;
  probe["key_undecided"] = facts.key_undecided;
  probe["headers"] = {{"families", facts.header_families},
                      {"malformed", counts_json(outcome.malformed)},
                      {"told_of", facts.told_of.empty() ? Json() : Json(facts.told_of)},
                      {"limit", told_json(facts.limit)},
                      {"remaining", told_json(facts.remaining)},
                      {"reset", told_json(facts.reset_after)}};
  probe["retry_after"] = told_json(facts.retry_after);
  probe["retry_after"]["kept"] = outcome.promises_kept;
  probe["retry_after"]["broken"] = outcome.promises_broken;
  probe["allowed_status"] = outcome.allowed_status ? Json(*outcome.allowed_status) : Json();
  probe["denied_status"] = outcome.denied_status ? Json(*outcome.denied_status) : Json();
  probe["server"] = outcome.server.empty() ? Json() : Json(outcome.server);
  probe["neither"] = Json::object();
  for (const auto& [status, count] : outcome.neither) {
    probe["neither"][std::to_string(status)] = count;
  }
  probe["requests_used"] = facts.requests_used;
  probe["time_used_ns"] = facts.time_used.ns();
  probe["experiments"] = Json::array();
  for (const auto& experiment : facts.experiments) {
    probe["experiments"].push_back(experiment_json(experiment));
  }
  return probe;
}

}  // namespace

Json make_probe_report(const metrics::ProbeOutcome& outcome) {
  const bool decided = !outcome.interrupted && outcome.why_inconclusive.empty();
  Json report = {{"schema_version", 1},
                 {"version", WEIR_VERSION},
                 {"mode", "probe"},
                 {"seed", outcome.seed},
                 {"start", format_instant(outcome.start)},
                 {"verdict", decided ? "pass" : "inconclusive"}};
  if (outcome.interrupted) report["interrupted"] = true;
  if (!outcome.why_inconclusive.empty()) {
    report["inconclusive_because"] = outcome.why_inconclusive;
  }
  report["target"] = {{"url", outcome.url}, {"engine", outcome.engine}, {"nonce", outcome.nonce}};
  report["budget"] = {{"max_requests", outcome.max_requests},
                      {"max_time_ns", outcome.max_time.ns()},
                      {"max_per_second", outcome.max_per_second}};
  report["statuses"] = Json::object();
  for (const auto& [status, count] : outcome.statuses) {
    report["statuses"][std::to_string(status)] = count;
  }
  report["errors"] = counts_json(outcome.errors);
  report["probe"] = found_json(outcome);
  return report;
}

bool is_probe_report(const Json& report) {
  return report.is_object() && report.contains("mode") && report["mode"] == "probe";
}

}  // namespace weir::report
