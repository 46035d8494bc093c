#include "cli/probe_scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/probe_traffic.hpp"
#include "cli/report_files.hpp"
#include "core/text.hpp"
#include "limiter/catalogue.hpp"
#include "limiter/parameter_text.hpp"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

Json parameter_json(const limiter::ParameterValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  return limiter::parameter_text(value);
}

Json limit_json(const policy::LimitSpec& limit) {
  Json json = {{"name", limit.name}, {"algorithm", limit.algorithm}};
  for (const auto& [name, value] : limit.parameters.values()) {
    json[name] = parameter_json(value);
  }
  json["key"] = limit.key;
  return json;
}

/// The words of a scenario for headers that answers had.
constexpr std::array<std::pair<std::string_view, const char*>, 8> header_words = {
    {{"x_ratelimit", "x-ratelimit"},
     {"ietf_00_to_03", "ietf-draft-03"},
     {"ietf_04_to_06", "ietf-draft-06"},
     {"ietf_00_to_06", "ietf-draft-06"},
     {"ietf_07", "ietf-draft-07"},
     {"ietf_08_to_11", "ietf-draft-10"},
     {"openai", "openai"},
     {"anthropic", "anthropic"}}};

/// What a gateway of the scenario answers with, where a product does not say it.
Json response_json(const FoundPolicy& found) {
  Json response = Json::object();
  if (found.outcome.denied_status) response["denied_status"] = *found.outcome.denied_status;
  const auto is_canonical = [](const policy::LimitSpec& limit) {
    const limiter::AlgorithmInfo* info = limiter::find_algorithm(limit.algorithm);
    return info != nullptr && info->evidence == limiter::Evidence::canonical;
  };
  const auto& limits = found.policy.limits;
  if (!std::all_of(limits.begin(), limits.end(), is_canonical)) return response;
  response["headers"] = "none";
  for (const std::string& family : found.outcome.facts.header_families) {
    for (const auto& [name, word] : header_words) {
      if (family == name) response["headers"] = word;
    }
  }
  const bool tells = found.outcome.facts.retry_after.present > 0;
  response["retry_after"] = tells ? "delta-seconds" : "none";
  return response;
}

bool is_key(const FoundPolicy& found, const probe::KeyPlace& place) {
  const auto& limits = found.policy.limits;
  return std::any_of(limits.begin(), limits.end(), [&](const policy::LimitSpec& limit) {
    return std::find(limit.key.begin(), limit.key.end(), place.name) != limit.key.end();
  });
}

/// How many values a key that is not the only one has.
constexpr std::int64_t beside = 2;

/// Values of a file: all where so many are needed, else the last, which the probe came to last.
Json given_values(const FoundPolicy& found, std::int64_t count) {
  const auto all = static_cast<std::int64_t>(found.values.size());
  if (count >= all) return {{"file", found.values_file}};
  Json weights = Json::object();
  for (auto value = found.values.end() - count; value != found.values.end(); ++value) {
    weights[*value] = 1;
  }
  return {{"weights", std::move(weights)}};
}

Json attributes_json(const FoundPolicy& found, std::int64_t keys) {
  const auto of_limits =
      std::count_if(found.keys.begin(), found.keys.end(),
                    [&found](const probe::KeyPlace& place) { return is_key(found, place); });
  for (std::int64_t other = 1; other < of_limits; ++other) {
    keys = std::max<std::int64_t>(keys / beside, 1);
  }
  Json attributes = Json::object();
  bool is_first = true;
  for (const probe::KeyPlace& place : found.keys) {
    const bool makes_keys = is_key(found, place) && std::exchange(is_first, false);
    const std::int64_t count = makes_keys ? keys : keys > 1 || !is_key(found, place) ? beside : 1;
    const bool is_given = !found.values.empty() && &place == &found.keys[0];
    attributes[place.name] =
        is_given ? given_values(found, count) : Json{{"uniform", {{"count", count}}}};
  }
  return attributes;
}

ProbedTraffic traffic_of(const FoundPolicy& found) {
  constexpr std::int64_t any_number = 1'000'000;
  const bool has_key =
      std::any_of(found.keys.begin(), found.keys.end(),
                  [&found](const probe::KeyPlace& place) { return is_key(found, place); });
  const bool is_given = !found.values.empty() && is_key(found, found.keys[0]);
  const bool is_limited = !found.policy.limits.empty();
  TrafficBounds bounds;
  bounds.most_keys = is_given                 ? static_cast<std::int64_t>(found.values.size())
                     : has_key || !is_limited ? any_number
                                              : 1;
  bounds.keys_were_used = is_limited && (is_given || !has_key);
  bounds.service = found.service;
  bounds.max_per_second = found.outcome.max_per_second;
  return traffic_near(found.policy, bounds);
}

Json class_json(const FoundPolicy& found, const ProbedClass& of) {
  Json json = {{"name", of.name}, {"arrivals", of.arrivals}};
  if (!found.keys.empty()) json["attributes"] = attributes_json(found, of.keys);
  if (of.from > Duration()) json["from"] = format_duration(of.from);
  if (of.until) json["until"] = format_duration(*of.until);
  return json;
}

Result<Json> target_json(const FoundPolicy& found) {
  Json document = {{"target", {{"url", found.url}}}};
  for (const scenario::Override& change : found.target) {
    document[Json::json_pointer(change.pointer)] = Json::parse(change.value, nullptr, false);
  }
  Json& target = document["target"];
  // One status stands in the policy.
  if (found.denied.size() > 1 && !target.contains("denied")) target["denied"] = found.denied;
  scenario::TargetSpec spec;
  spec.url = found.url;
  if (target.contains("body")) spec.body.text = target["body"];
  if (const auto put = probe::put_keys(found.keys, spec); !put) return tl::unexpected(put.error());
  target["url"] = spec.url;
  if (target.contains("body")) target["body"] = spec.body.text;
  for (const auto& [name, where] : spec.identify) target["identify"][name] = where.text;
  return target;
}

}  // namespace

Result<Json> scenario_of(const FoundPolicy& found) {
  auto target = target_json(found);
  if (!target) return target;
  const ProbedTraffic traffic = traffic_of(found);
  constexpr std::int64_t usual_connections = 64;
  constexpr std::int64_t most_connections = 1'000;
  if (traffic.at_once > usual_connections) {
    (*target)["connections"] = std::min(traffic.at_once, most_connections);
  }
  Json limits = Json::array();
  for (const policy::LimitSpec& limit : found.policy.limits) limits.push_back(limit_json(limit));
  Json classes = Json::array();
  for (const ProbedClass& of : traffic.classes) classes.push_back(class_json(found, of));
  Json document = {
      {"name", "probed"},
      {"description",
       fmt::format("What weir probe found at {}, with traffic near the limit", found.outcome.url)},
      {"seed", found.outcome.seed},
      {"duration", format_duration(traffic.duration)},
      {"policy", {{"limits", std::move(limits)}, {"response", response_json(found)}}},
      {"traffic", std::move(classes)}};
  const bool is_held = std::any_of(traffic.classes.begin(), traffic.classes.end(),
                                   [](const ProbedClass& of) { return of.name == at_once_class; });
  if (is_held) document["backend"] = {{"latency", format_duration(found.service)}};
  document["target"] = std::move(*target);
  return document;
}

Result<void> write_scenario(const std::string& path, const Json& document) {
  const std::string text = document.dump(2) + '\n';
  const bool has_secrets =
      document["target"].contains("headers") || text.find("\"weights\"") != std::string::npos;
  return write_whole_file(path, text, has_secrets ? Readers::owner : Readers::anybody);
}

}  // namespace weir::cli
