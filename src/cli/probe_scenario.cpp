#include "cli/probe_scenario.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/columns.hpp"
#include "limiter/catalogue.hpp"
#include "limiter/parameter_text.hpp"
#include "policy/policy.hpp"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

/// How long the traffic is, and how much of it there is where the limits allow that.
constexpr std::int64_t traffic_seconds = 15;
constexpr double traffic_per_second = 100.0;
constexpr std::int64_t most_keys = 50;
/// How much more than its limits admit a key asks for.
constexpr double pressure = 1.5;

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

/// What one key can get.
struct Allowance {
  double at_once = 1.0;
  double per_second = 0.0;
};

/// As a simulation of a key that never stops asking has it; of the limit that admits the least.
Allowance allowance_of(const policy::PolicySpec& spec) {
  constexpr std::int64_t most_at_once = 100'000;
  constexpr Duration step = Duration::from_ms(10);
  constexpr std::int64_t steps = 60'000;
  Columns columns;
  policy::PolicySpec keyless = spec;
  for (policy::LimitSpec& limit : keyless.limits) limit.key.clear();
  Allowance least{1e9, 1e9};
  const limiter::Environment environment;
  const auto policy = policy::bind_policy(keyless, columns, environment, "/policy");
  if (!policy) return least;
  for (const policy::Limit& limit : policy->limits) {
    const auto limiter = policy::make_limiter(limit, environment);
    limiter->reset(1);
    policy::Promise promise;
    policy::Charge charge{.key = 0, .variant = 0, .now = Instant(), .cost = 1};
    std::int64_t at_once = 0;
    while (at_once < most_at_once && limiter->decide(charge, promise).allowed) ++at_once;
    std::int64_t later = 0;
    for (std::int64_t i = 1; i <= steps; ++i) {
      charge.now = Instant() + step * i;
      if (limiter->decide(charge, promise).allowed) ++later;
    }
    const double seconds = static_cast<double>((step * steps).ns()) / 1e9;
    least.at_once = std::min(least.at_once, static_cast<double>(at_once));
    least.per_second = std::min(least.per_second, static_cast<double>(later) / seconds);
  }
  return least;
}

bool holds_until_end(const policy::PolicySpec& policy) {
  return std::any_of(policy.limits.begin(), policy.limits.end(), [](const auto& limit) {
    return limit.algorithm == "concurrency" || limit.algorithm == "nginx-limit-conn";
  });
}

std::int64_t concurrency_of(const policy::PolicySpec& policy) {
  for (const policy::LimitSpec& limit : policy.limits) {
    if (limit.parameters.has("limit")) return limit.parameters.count("limit");
  }
  return 1;
}

Json attributes_json(const FoundPolicy& found, std::int64_t keys) {
  Json attributes = Json::object();
  for (std::size_t k = 0; k < found.keys.size(); ++k) {
    const bool is_from_file = k == 0 && found.first_key_is_from_file;
    attributes[found.keys[k].name] = is_from_file
                                         ? Json{{"file", found.values_file}}
                                         : Json{{"uniform", {{"count", k == 0 ? keys : 2}}}};
  }
  return attributes;
}

Json traffic_json(const FoundPolicy& found) {
  Json traffic = {{"name", "near-the-limit"}};
  std::int64_t keys = 1;
  if (holds_until_end(found.policy)) {
    traffic["clients"] = {{"count", concurrency_of(found.policy) * 2}, {"think_time", "50ms"}};
  } else {
    const Allowance allowance = allowance_of(found.policy);
    const double fills = 2.0 * allowance.at_once / static_cast<double>(traffic_seconds);
    const bool is_limited = !found.policy.limits.empty();
    const double of_key =
        is_limited ? std::max({pressure * allowance.per_second, fills, 0.2}) : 1.0;
    if (!found.keys.empty()) {
      keys = std::clamp<std::int64_t>(std::llround(traffic_per_second / of_key), 1, most_keys);
    }
    const std::int64_t total = std::llround(std::ceil(of_key * static_cast<double>(keys)));
    traffic["arrivals"] = {{"process", "poisson"}, {"rate", fmt::format("{}/s", total)}};
  }
  if (!found.keys.empty()) traffic["attributes"] = attributes_json(found, keys);
  return traffic;
}

Result<Json> target_json(const FoundPolicy& found) {
  Json document = {{"target", {{"url", found.url}}}};
  for (const scenario::Override& change : found.target) {
    document[Json::json_pointer(change.pointer)] = Json::parse(change.value, nullptr, false);
  }
  Json& target = document["target"];
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
  Json limits = Json::array();
  for (const policy::LimitSpec& limit : found.policy.limits) limits.push_back(limit_json(limit));
  Json document = {
      {"name", "probed"},
      {"description",
       fmt::format("What weir probe found at {}, with traffic near the limit", found.outcome.url)},
      {"seed", found.outcome.seed},
      {"duration", fmt::format("{}s", traffic_seconds)},
      {"policy", {{"limits", std::move(limits)}, {"response", response_json(found)}}},
      {"traffic", Json::array({traffic_json(found)})}};
  if (holds_until_end(found.policy)) document["backend"] = {{"latency", "100ms"}};
  document["target"] = std::move(*target);
  return document;
}

Result<void> write_scenario(const std::string& path, const Json& document) {
  const std::string text = document.dump(2) + '\n';
  const std::string part = path + ".part";
  const auto old_mask = ::umask(0077);
  std::FILE* const file = std::fopen(part.c_str(), "wb");
  ::umask(old_mask);
  bool ok = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr) ok = std::fclose(file) == 0 && ok;
  const bool has_secrets = document["target"].contains("headers");
  if (ok && !has_secrets) ::chmod(part.c_str(), 0666 & ~old_mask);
  ok = ok && std::rename(part.c_str(), path.c_str()) == 0;
  if (ok) return {};
  const std::string reason = std::strerror(errno);
  std::remove(part.c_str());
  return fail(ErrorKind::cannot_run, fmt::format("cannot write {}: {}", path, reason));
}

}  // namespace weir::cli
