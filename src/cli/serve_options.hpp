#pragma once

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "scenario/model.hpp"

namespace weir::cli {

/// What `weir serve` is told, as words; all of it also from environment variables.
struct ServeWords {
  std::vector<std::string> listen;
  std::vector<std::string> limits;
  std::vector<std::string> identify;
  std::vector<std::string> exempt;
  std::vector<std::string> trusted_proxies;
  std::vector<std::string> stores;
  std::string upstream;
  std::string upstream_timeout = "60s";
  bool pass_host = false;
  std::string answer = "200";
  std::string completion_tokens = "64";
  std::string body;
  std::string latency;
  std::string headers;
  std::string retry_after;
  std::string denied_status;
  std::string request_id;
  std::string on_store_failure = "allow";
  std::string local_share = "1/1";
  std::string store_timeout = "100ms";
  std::string redis_design = "script";
  std::string max_keys = "1000000";
  std::string on_full = "deny";
  std::string access_log;
  std::string log_format = "json";
  std::string admin;
  std::string admin_token;
  std::string grace = "10s";
  std::string clock_offset = "0s";
  bool status_pages = false;
  bool dry_run = false;
  bool allow_upgrade = false;

  void add_to(CLI::App& command);

  /// The scenario document that --limit stands for.
  Result<nlohmann::ordered_json> document() const;
  /// What they change in a scenario.
  std::vector<scenario::Override> overrides() const;
};

/// A list as options and environment variables have it: each may hold several, with ";" between.
std::vector<std::string> split_list(const std::vector<std::string>& given);

/// A duration that an option is given; the error names the option.
Result<Duration> duration_of(const char* option, const std::string& text);
/// A whole number, from `least` to `most`.
Result<std::int64_t> number_of(const char* option, const std::string& text, std::int64_t least,
                               std::int64_t most);
/// The text itself, which must be one of these.
Result<std::string> choice_of(const char* option, const std::string& text,
                              const std::vector<std::string>& choices);

}  // namespace weir::cli
