#pragma once

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "scenario/model.hpp"

namespace weir::cli {

/// What `weir load` is told of requests and of the load, beside a scenario or instead of one, in
/// words that users of curl, wrk and vegeta know.
struct LoadWords {
  std::string target;
  std::string rate;
  std::string duration;
  std::string requests;
  std::string connections;
  std::vector<std::string> headers;
  std::string method;
  std::string body;
  std::string timeout;
  std::string denied;
  std::string engine;
  std::string proxy;
  std::string unix_socket;
  std::string ca_file;
  std::string users;
  bool insecure = false;
  bool http2 = false;
  bool compressed = false;
  bool no_audit = false;

  void add_to(CLI::App& command);
  /// Only those that say how one request is made and what its answer means.
  void add_request_to(CLI::App& command);
  /// Whether any is given that only has a meaning without a scenario.
  bool any_instead() const { return !rate.empty() || !duration.empty() || !users.empty(); }
  /// What they change in the target of a scenario.
  Result<std::vector<scenario::Override>> overrides() const;
};

/// The scenario document that the words alone stand for: requests at a rate, or as fast as so many
/// connections can; without any limit.
Result<nlohmann::ordered_json> load_document(const LoadWords& words);

/// Problems with that document, each under the name of the option that it is about.
Problems by_option(Problems problems);

}  // namespace weir::cli
