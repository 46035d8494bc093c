#include "cli/inline_scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "scenario/model.hpp"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

Result<std::string> format_of(const InlineScenario& options) {
  if (!options.format.empty()) return options.format;
  const std::string name = std::filesystem::path(options.trace).filename().string();
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (has(".jsonl") || has(".ndjson")) return std::string("jsonl");
  if (has(".csv")) return std::string("csv");
  return fail(ErrorKind::usage,
              fmt::format("--trace {}: say its --format (csv, jsonl, azure-llm, common-log or "
                          "combined-log)",
                          options.trace));
}

Result<Json> trace_class(const InlineScenario& options) {
  const Result<std::string> format = format_of(options);
  if (!format) return tl::unexpected(format.error());
  Json trace = {{"path", std::filesystem::absolute(options.trace).string()}, {"format", *format}};
  if (!options.speed.empty()) {
    trace["speed"] = Json::parse(options.speed, nullptr, false);
    if (!trace["speed"].is_number()) {
      return fail(ErrorKind::usage, fmt::format("--speed {}: must be a number", options.speed));
    }
  }
  if (!options.spread.empty()) trace["spread"] = options.spread;
  return Json{{"name", "recorded"}, {"trace", trace}};
}

Json poisson_class(const InlineScenario& options) {
  const std::string rate = options.rate.empty() ? "200/s" : options.rate;
  return {{"name", "poisson"},
          {"arrivals", {{"process", "poisson"}, {"rate", rate}}},
          {"attributes", {{"user", {{"zipf", {{"count", 100}, {"exponent", 1.1}}}}}}}};
}

// A report is written under the scenario's name.
std::string name_of(const InlineScenario& options) {
  if (options.trace.empty()) return "simulation";
  std::string name = std::filesystem::path(options.trace).stem().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return c < ' ' || c == 0x7f || c == '/'; },
      '_');
  return name.empty() ? "trace" : name;
}

}  // namespace

Result<Json> inline_document(const InlineScenario& options) {
  Json limits = Json::array();
  for (const std::string& words : options.limits) {
    auto limit = scenario::limit_from_words(words);
    if (!limit) return tl::unexpected(limit.error());
    limits.push_back(std::move(*limit));
  }
  if (!options.trace.empty() && !options.rate.empty()) {
    return fail(ErrorKind::usage, "--trace and --rate: traffic is either recorded or generated");
  }
  if (options.trace.empty() &&
      !(options.format.empty() && options.speed.empty() && options.spread.empty())) {
    return fail(ErrorKind::usage, "--format, --speed and --spread say how to replay a --trace");
  }
  Json document = {{"name", name_of(options)}};
  if (!options.duration.empty()) {
    document["duration"] = options.duration;
  } else if (options.trace.empty()) {
    document["duration"] = "1m";
  }
  document["policy"] = {{"limits", limits}};
  if (options.trace.empty()) {
    document["traffic"] = Json::array({poisson_class(options)});
  } else {
    Result<Json> recorded = trace_class(options);
    if (!recorded) return recorded;
    document["traffic"] = Json::array({std::move(*recorded)});
  }
  return document;
}

}  // namespace weir::cli
