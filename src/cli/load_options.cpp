#include "cli/load_options.hpp"

#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "cli/common_options.hpp"
#include "core/letter_case.hpp"
#include "core/text.hpp"
#include "http/header_text.hpp"
#include "scenario/json_document.hpp"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

/// How long -n may take where nothing says how long, and what its series is cut into.
constexpr const char* duration_with_count = "2h";
constexpr const char* interval_with_count = "1s";
constexpr const char* default_duration = "10s";
constexpr const char* default_users = "100";

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

Result<Json> whole(const char* option, const std::string& text) {
  const auto number = parse_integer(text);
  if (number && *number > 0) return Json(*number);
  return fail(ErrorKind::usage, fmt::format("{} {}: must be a whole number above 0", option, text));
}

/// "Name: value", as curl takes it.
Result<std::pair<std::string, std::string>> header_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0) {
    // Only the beginning: a secret may follow.
    return fail(ErrorKind::usage, fmt::format("-H {}: must be such as \"X-User: {{user}}\"",
                                              text.substr(0, text.find(' '))));
  }
  const std::string_view whole_text = text;
  return std::pair(std::string(http::without_blanks(whole_text.substr(0, colon))),
                   std::string(http::without_blanks(whole_text.substr(colon + 1))));
}

/// The text itself, or with an "@" what is in a file.
Result<std::string> body_of(const std::string& text) {
  if (text.empty() || text[0] != '@') return text;
  return read_file(text.substr(1));
}

/// Collects what is to be set below /target.
class TargetOverrides {
 public:
  void text(const char* field, const std::string& value) {
    if (!value.empty()) set(field, Json(value));
  }
  void flag(const char* field, bool value) {
    if (value) set(field, true);
  }
  void number(const char* field, const char* option, const std::string& value) {
    if (value.empty()) return;
    auto read = whole(option, value);
    if (read) {
      set(field, *read);
    } else {
      error = read.error();
    }
  }
  void set(const std::string& field, const Json& value) {
    all.push_back({"/target/" + field, value.dump()});
  }

  std::vector<scenario::Override> all;
  std::optional<Error> error;
};

Result<Json> statuses_of(const std::string& list) {
  Json statuses = Json::array();
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    auto status =
        whole("--denied",
              std::string(http::without_blanks(std::string_view(list).substr(begin, end - begin))));
    if (!status) {
      return fail(ErrorKind::usage,
                  fmt::format("--denied {}: must be statuses such as 429 or 429,503", list));
    }
    statuses.push_back(*status);
    begin = end + 1;
  }
  return statuses;
}

Result<Json> traffic_of(const LoadWords& words) {
  Json traffic = {{"name", "load"}};
  if (words.rate.empty()) {
    auto clients = whole("--connections", words.connections.empty() ? "64" : words.connections);
    if (!clients) return clients;
    traffic["clients"] = {{"count", *clients}};
  } else {
    // As wrk and vegeta take it, a number is one a second.
    const std::string rate = is_number(words.rate) ? words.rate + "/s" : words.rate;
    traffic["arrivals"] = {{"process", "constant"}, {"rate", rate}};
  }
  auto users = whole("--users", words.users.empty() ? default_users : words.users);
  if (!users) return users;
  traffic["attributes"] = {{"user", {{"uniform", {{"count", *users}}}}}};
  return traffic;
}

/// Where in the document the value of an option stands.
constexpr std::array<std::pair<std::string_view, const char*>, 17> options_by_pointer = {
    {{"/target/url", "--target"},
     {"/target/headers/", "-H"},
     {"/target/method", "-X"},
     {"/target/body", "--body"},
     {"/target/timeout", "--timeout"},
     {"/target/denied", "--denied"},
     {"/target/engine", "--engine"},
     {"/target/proxy", "--proxy"},
     {"/target/unix_socket", "--unix-socket"},
     {"/target/ca_file", "--cacert"},
     {"/traffic/0/arrivals/rate", "--rate"},
     {"/traffic/0/attributes/user", "--users"},
     {"/traffic/0/trace/path", "--trace"},
     {"/traffic/0/trace/format", "--format"},
     {"/traffic/0/trace/speed", "--speed"},
     {"/traffic/0/trace/spread", "--spread"},
     {"/duration", "--duration"}}};

}  // namespace

Problems by_option(Problems problems) {
  for (Problem& problem : problems) {
    for (const auto& [pointer, option] : options_by_pointer) {
      if (!problem.pointer.starts_with(pointer)) continue;
      problem.pointer = option;
      break;
    }
  }
  return problems;
}

void LoadWords::add_to(CLI::App& command) {
  command.add_option("--target", target, "Where to send: scheme, host and port, or all of a URL")
      ->type_name("URL");
  command
      .add_option("--rate", rate,
                  "Requests at this rate, whatever the answers do; else as fast as the "
                  "connections can: 100/s")
      ->type_name("RATE");
  command.add_option("--duration", duration, "How long (10s unless said, or as long as -n takes)")
      ->type_name("DURATION");
  command.add_option("-n,--requests", requests, "The run ends once so many were sent")
      ->type_name("N");
  command
      .add_option("-c,--connections", connections,
                  "The most connections, or requests of HTTP/2, at once")
      ->type_name("N")
      ->default_str("64");
  add_request_to(command);
  command.get_option("--header")->description("A header; {user} stands for the request's user");
  command.add_option("--users", users, "How many different {user}s there are")
      ->type_name("N")
      ->default_str(default_users);
  command.add_flag("--no-audit", no_audit, "Send nothing beside the load to test Retry-After");
}

void LoadWords::add_request_to(CLI::App& command) {
  command.add_option("-H,--header", headers, "A header of every request")
      ->type_name("'NAME: VALUE'")
      ->allow_extra_args(false);
  command.add_option("-X,--method", method, "The method (GET unless said, or POST with a body)")
      ->type_name("METHOD");
  command.add_option("--body", body, "The body, or with @FILE the content of a file")
      ->type_name("TEXT");
  command.add_option("--timeout", timeout, "How long an exchange may take")
      ->type_name("DURATION")
      ->default_str("5s");
  command
      .add_option("--denied", denied,
                  "Statuses that mean denied (default: those that the scenario says, else 429)")
      ->type_name("STATUS,...");
  command
      .add_option("--engine", engine,
                  "What speaks HTTP: native for plain HTTP/1.1, libcurl for the rest")
      ->type_name("auto|native|libcurl")
      ->default_str("auto");
  command.add_option("--proxy", proxy, "Send through this proxy")->type_name("URL");
  command.add_option("--unix-socket", unix_socket, "Connect to this socket")->type_name("PATH");
  command.add_option("--cacert", ca_file, "Certificates to believe")->type_name("FILE");
  command.add_flag("-k,--insecure", insecure, "Believe any certificate");
  command.add_flag("--http2", http2, "Speak HTTP/2");
  command.add_flag("--compressed", compressed, "Ask for compressed answers");
}

Result<std::vector<scenario::Override>> LoadWords::overrides() const {
  TargetOverrides changes;
  changes.number("max_requests", "-n", requests);
  changes.number("connections", "--connections", connections);
  changes.text("method", method);
  changes.text("timeout", timeout);
  changes.text("engine", engine);
  changes.text("proxy", proxy);
  changes.text("unix_socket", unix_socket);
  changes.text("ca_file", ca_file);
  changes.flag("insecure", insecure);
  changes.flag("compressed", compressed);
  if (http2) changes.set("http", "2");
  if (no_audit) changes.set("audit", {{"share", 0}, {"keys", 0}});
  std::set<std::string> names;
  for (const std::string& text : headers) {
    auto header = header_of(text);
    if (!header) return tl::unexpected(header.error());
    if (!names.insert(lower_case(header->first)).second) {
      return fail(ErrorKind::usage,
                  fmt::format("-H {}: is given twice, and a request has it once", header->first));
    }
    changes.set("headers/" + scenario::pointer_token(header->first), header->second);
  }
  if (!body.empty()) {
    auto content = body_of(body);
    if (!content) return tl::unexpected(content.error());
    changes.set("body", *content);
  }
  if (!denied.empty()) {
    auto statuses = statuses_of(denied);
    if (!statuses) return tl::unexpected(statuses.error());
    changes.set("denied", *statuses);
  }
  if (changes.error) return tl::unexpected(*changes.error);
  return std::move(changes.all);
}

Result<Json> load_document(const LoadWords& words) {
  auto traffic = traffic_of(words);
  if (!traffic) return traffic;
  Json document = {{"name", "load"},
                   {"duration", words.duration},
                   {"policy", {{"limits", Json::array()}}},
                   {"traffic", Json::array({*traffic})},
                   {"target", {{"url", words.target}}}};
  if (!words.requests.empty() && words.duration.empty()) {
    document["duration"] = duration_with_count;
    document["series_interval"] = interval_with_count;
  } else if (words.duration.empty()) {
    document["duration"] = default_duration;
  }
  return document;
}

}  // namespace weir::cli
