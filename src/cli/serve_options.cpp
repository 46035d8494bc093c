#include "cli/serve_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/Option.hpp>
#include <algorithm>
#include <set>

#include "core/text.hpp"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

/// An option that may be given several times, or once with ";" between its values.
CLI::Option* add_list(CLI::App& command, const char* name, std::vector<std::string>& list,
                      const char* help) {
  return command.add_option(name, list, help)->allow_extra_args(false);
}

/// Every attribute that some limit reads, and every cost that it names, so that the document is a
/// scenario like any other.
Json class_that_has_all(const Json& limits) {
  Json attributes = Json::object();
  Json costs = Json::object();
  for (const Json& limit : limits) {
    if (const auto key = limit.find("key"); key != limit.end() && key->is_array()) {
      for (const Json& name : *key) {
        if (name.is_string()) attributes[name.get<std::string>()] = "any";
      }
    }
    const auto cost = limit.find("cost");
    if (cost != limit.end() && cost->is_string()) costs[cost->get<std::string>()] = 1;
  }
  Json any = {{"name", "any"}, {"arrivals", {{"process", "poisson"}, {"rate", "1/s"}}}};
  if (!attributes.empty()) any["attributes"] = std::move(attributes);
  if (!costs.empty()) any["costs"] = std::move(costs);
  return any;
}

}  // namespace

void ServeWords::add_to(CLI::App& command) {
  add_list(command, "--listen,-l", listen,
           "Where to listen, such as :8080, [::1]:0, unix:/PATH (127.0.0.1:8080 unless said)")
      ->type_name("ADDRESS")
      ->envname("WEIR_LISTEN");
  add_list(command, "--limit", limits, "A limit, instead of a scenario")
      ->type_name("'ALGORITHM NAME=VALUE…'")
      ->envname("WEIR_LIMIT");
  command.add_option("--upstream", upstream, "Pass what is allowed on to this server")
      ->type_name("URL")
      ->envname("WEIR_UPSTREAM");
  command
      .add_option("--upstream-timeout", upstream_timeout,
                  "How long it may take to begin an answer, and between two pieces of one")
      ->type_name("DURATION")
      ->envname("WEIR_UPSTREAM_TIMEOUT")
      ->capture_default_str();
  command
      .add_flag("--pass-host", pass_host, "Pass the client's Host on, instead of the upstream's")
      ->envname("WEIR_PASS_HOST");
  command
      .add_option("--answer", answer, "Without an upstream: the status of the answer, or openai")
      ->type_name("STATUS|openai")
      ->envname("WEIR_ANSWER")
      ->capture_default_str();
  command
      .add_option("--completion-tokens", completion_tokens,
                  "With --answer openai: how many tokens an answer has, if it may have as many")
      ->type_name("N")
      ->envname("WEIR_COMPLETION_TOKENS")
      ->capture_default_str();
  command.add_option("--body", body, "The body of that answer, @FILE for a file's content")
      ->type_name("TEXT")
      ->envname("WEIR_BODY");
  command
      .add_option("--latency", latency,
                  "How long it takes: 20ms, or a distribution as in a scenario's backend")
      ->type_name("DURATION")
      ->envname("WEIR_LATENCY");
  add_list(
      command, "--identify", identify,
      "Where requests have an attribute or a cost: user=header:X-User, tokens=body:/max_tokens")
      ->type_name("NAME=PLACE")
      ->envname("WEIR_IDENTIFY");
  add_list(command, "--trust-proxy", trusted_proxies,
           "Networks whose X-Forwarded-For is believed: 10.0.0.0/8, ::1, unix")
      ->type_name("NETWORK")
      ->envname("WEIR_TRUST_PROXY");
  add_list(command, "--exempt", exempt, "Paths that are never limited: /health, /static/*")
      ->type_name("PATH")
      ->envname("WEIR_EXEMPT");
  add_list(
      command, "--store", stores,
      "Where states live: memory (unless said), redis://HOST:PORT or unix:///PATH; several Redis "
      "servers share the keys")
      ->type_name("STORE")
      ->envname("WEIR_STORE");
  command
      .add_option("--on-store-failure", on_store_failure,
                  "What is decided while Redis does not answer; local: by a share of the limits in "
                  "this process")
      ->type_name("allow|deny|local")
      ->envname("WEIR_ON_STORE_FAILURE")
      ->capture_default_str();
  command.add_option("--local-share", local_share, "That share, such as 1/3 with three gateways")
      ->type_name("PART/OF")
      ->envname("WEIR_LOCAL_SHARE")
      ->capture_default_str();
  command.add_option("--store-timeout", store_timeout, "How long Redis may take to decide")
      ->type_name("DURATION")
      ->envname("WEIR_STORE_TIMEOUT")
      ->capture_default_str();
  command
      .add_option("--redis-design", redis_design,
                  "script decides exactly; master-refill and read-then-write are there to be "
                  "compared with it: the one is coarse, the other admits too much (racy)")
      ->type_name("DESIGN:{script,master-refill,read-then-write}")
      ->envname("WEIR_REDIS_DESIGN")
      ->capture_default_str();
  command.add_option("--max-keys", max_keys, "The most keys in memory")
      ->type_name("N")
      ->envname("WEIR_MAX_KEYS")
      ->capture_default_str();
  command
      .add_option("--on-full", on_full,
                  "What a new key is answered beyond that: deny is status 503")
      ->type_name("deny|allow")
      ->envname("WEIR_ON_FULL")
      ->capture_default_str();
  command
      .add_option("--request-id", request_id,
                  "The header that names a request: one that is repeated within 10 minutes, by the "
                  "same caller, for the same target and cost, is not charged again")
      ->type_name("HEADER")
      ->envname("WEIR_REQUEST_ID");
  command
      .add_option("--headers", headers,
                  "How answers tell of limits (the policy's or the product's way unless said)")
      ->type_name(
          "FAMILY:{x-ratelimit,x-ratelimit-epoch,ietf-draft-03,ietf-draft-06,"
          "ietf-draft-07,ietf-draft-08,ietf-draft-10,openai,anthropic,none}")
      ->envname("WEIR_HEADERS");
  command
      .add_option("--retry-after", retry_after,
                  "How Retry-After is written (the policy's or the product's way unless said)")
      ->type_name("delta-seconds|http-date|none")
      ->envname("WEIR_RETRY_AFTER");
  command.add_option("--denied-status", denied_status, "The status of a denial")
      ->type_name("STATUS")
      ->envname("WEIR_DENIED_STATUS");
  command.add_flag("--dry-run", dry_run, "Count and mark what would be denied, and deny nothing")
      ->envname("WEIR_DRY_RUN");
  command.add_option("--access-log", access_log, "Log every request to this file, - for stdout")
      ->type_name("FILE")
      ->envname("WEIR_ACCESS_LOG");
  command
      .add_option("--log-format", log_format,
                  "How the log is written: JSON lines, or combined as Apache has it")
      ->type_name("json|combined")
      ->envname("WEIR_LOG_FORMAT")
      ->capture_default_str();
  command
      .add_option("--admin", admin,
                  "Serve /metrics, /totals and /keys there; PORT alone is of 127.0.0.1")
      ->type_name("ADDRESS")
      ->envname("WEIR_ADMIN");
  command.add_option("--admin-token", admin_token, "What administration has to be asked with")
      ->type_name("TOKEN")
      ->envname("WEIR_ADMIN_TOKEN");
  command
      .add_flag("--status-pages", status_pages,
                "With an upstream too, answer /healthz and /metrics instead of passing them on")
      ->envname("WEIR_STATUS_PAGES");
  command.add_flag("--allow-upgrade", allow_upgrade, "Pass requests to change the protocol on")
      ->envname("WEIR_ALLOW_UPGRADE");
  command.add_option("--grace", grace, "How long answers may be finished once it is stopped")
      ->type_name("DURATION")
      ->envname("WEIR_GRACE")
      ->capture_default_str();
  command
      .add_option("--clock-offset", clock_offset,
                  "How far this gateway's clock is wrong, to test several")
      ->type_name("DURATION");
}

std::vector<std::string> split_list(const std::vector<std::string>& given) {
  std::vector<std::string> all;
  for (const std::string& text : given) {
    std::size_t begin = 0;
    for (;;) {
      const std::size_t end = text.find(';', begin);
      std::string one = text.substr(begin, end == std::string::npos ? end : end - begin);
      const std::size_t first = one.find_first_not_of(' ');
      if (first != std::string::npos) all.push_back(one.substr(first));
      if (end == std::string::npos) break;
      begin = end + 1;
    }
  }
  return all;
}

Result<nlohmann::ordered_json> ServeWords::document() const {
  Json list = Json::array();
  for (const std::string& words : split_list(limits)) {
    auto limit = scenario::limit_from_words(words);
    if (!limit) return tl::unexpected(limit.error());
    list.push_back(std::move(*limit));
  }
  Json any = class_that_has_all(list);
  return Json{{"name", "gateway"},
              {"duration", "1m"},
              {"policy", {{"limits", std::move(list)}}},
              {"traffic", Json::array({std::move(any)})}};
}

std::vector<scenario::Override> ServeWords::overrides() const {
  if (latency.empty()) return {};
  return {{"/backend/latency", latency}};
}

Result<Duration> duration_of(const char* option, const std::string& text) {
  const auto duration = parse_duration(text);
  if (duration) return *duration;
  return fail(ErrorKind::usage, fmt::format("{} {}: {}", option, text, duration.error()));
}

Result<std::int64_t> number_of(const char* option, const std::string& text, std::int64_t least,
                               std::int64_t most) {
  const auto number = parse_integer(text);
  if (number && *number >= least && *number <= most) return *number;
  return fail(ErrorKind::usage, fmt::format("{} {}: must be a whole number from {} to {}", option,
                                            text, least, most));
}

Result<std::string> choice_of(const char* option, const std::string& text,
                              const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return text;
  const std::vector<std::string_view> known(choices.begin(), choices.end());
  const std::string_view near = nearest(text, known);
  return fail(ErrorKind::usage,
              fmt::format("{} {}: must be one of {}{}", option, text, fmt::join(choices, ", "),
                          near.empty() ? "" : fmt::format("; did you mean {}?", near)));
}

}  // namespace weir::cli
