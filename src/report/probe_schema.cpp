#include "report/probe.hpp"
#include "report/schema_parts.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

Json parameter_value(const char* description) {
  return {{"description", description},
          {"type", {"integer", "string", "boolean"}},
          {"x-unit", "that of the parameter"}};
}

Json highest_value(const char* description) {
  Json value = parameter_value(description);
  value["type"].push_back("null");
  return value;
}

std::vector<Field> probed_limit_fields() {
  const Json range =
      object_of({{"least", parameter_value("What it is at least")},
                 {"most", highest_value("What it is at most; null where nothing says that")}});
  return {
      {"family",
       described("What kind of limit it is",
                 {{"enum",
                   {"fixed-window", "sliding-window-log", "sliding-window-counter", "token-bucket",
                    "leaky-bucket-queue", "concurrency", "none", "undecided"}}})},
      {"algorithm", text("The id in the catalogue of what fits best; empty if nothing does")},
      {"parameters", by_name("As they would stand in a scenario, named as in the catalogue",
                             parameter_value("A parameter's value"))},
      {"ranges", by_name("Of parameters that are numbers, how uncertain they are", range)}};
}

Json probe_told(const char* description, bool is_promise) {
  std::vector<Field> fields = {
      {"present", whole("Answers that told it", "answers")},
      {"truthful", whole("As the limits found would have it", "answers")},
      {"untruthful", whole("Otherwise", "answers")},
      {"undetermined", whole("Too close to call, or nothing to compare it with", "answers")}};
  if (is_promise) {
    fields.push_back({"kept", whole("Returns at the promised instant, or a little later, with "
                                    "nothing sent between, that were admitted",
                                    "requests")});
    fields.push_back({"broken", whole("Those that were denied again", "requests")});
  }
  return described(description, object_of(fields));
}

Json probe_experiment() {
  const Json seen = object_of(
      {{"track",
        list_of("Which track it is of: requests of one key, from 0", whole("A track", "1"))},
       {"sent_ns", list_of("When the first byte was sent, since the experiment's begin",
                           {{"type", "integer"}, {"x-unit", "ns"}})},
       {"received_ns",
        list_of("When the first byte of the answer came", {{"type", "integer"}, {"x-unit", "ns"}})},
       {"decisions", described("a: allowed, d: denied, ?: nobody knows; one for each request",
                               {{"type", "string"}, {"pattern", "^[ad?]*$"}})}});
  return object_of({{"name", text("What was done, in short")},
                    {"question", text("What it asked of the gateway")},
                    {"showed", text("What came of it")},
                    {"begin", text("When it began, RFC 3339")},
                    {"duration_ns", whole("How long it took", "ns")},
                    {"requests", whole("Those that were sent", "requests")},
                    {"allowed", whole("Those that were admitted", "requests")},
                    {"denied", whole("Those that were denied", "requests")},
                    {"unknown", whole("Those of which nobody knows", "requests")},
                    {"seen", described("The requests, in the order of sending", seen)}});
}

Json probe_findings() {
  std::vector<Field> other = probed_limit_fields();
  other.push_back({"unexplained", whole("Decisions that it cannot have made", "requests")});
  other.push_back({"against", text("What speaks against it")});
  std::vector<Field> fields = probed_limit_fields();
  const auto names = [](const char* description) {
    return list_of(description, {{"type", "string"}});
  };
  const std::vector<Field> more = {
      {"confidence", share("How sure that is")},
      {"unexplained", whole("Decisions that it cannot have made", "requests")},
      {"further_limits", list_of("Others that hold beside it", object_of(probed_limit_fields()))},
      {"alternatives", list_of("What else was considered, the runner-up first", object_of(other))},
      {"cannot_tell_apart", names("Algorithms that decide alike in all that was tried")},
      {"keyed_by", names("The candidates that requests are told apart by")},
      {"key_undecided", names("The candidates of which that is not known")},
      {"headers",
       described(
           "What answers told of the limit",
           object_of(
               {{"families", names("The families of headers that were met")},
                {"malformed", by_name("Answers with a header that could not be read, by family",
                                      whole("Such answers", "answers"))},
                {"told_of", described("Of several limits the one whose allowance they tell: limit "
                                      "is the one found first, slower the one beside it, tightest "
                                      "whichever has the least left; null with one limit, and "
                                      "where that is not known",
                                      {{"enum", {"limit", "slower", "tightest", nullptr}}})},
                {"limit", probe_told("How much is allowed", false)},
                {"remaining", probe_told("How much was left", false)},
                {"reset", probe_told("When it is reset", false)}}))},
      {"retry_after", probe_told("When denied clients were told to come back", true)},
      {"allowed_status", described("The status of most admissions; null without any",
                                   {{"type", {"integer", "null"}}, {"x-unit", "1"}})},
      {"denied_status", described("The status of most denials; null without any",
                                  {{"type", {"integer", "null"}}, {"x-unit", "1"}})},
      {"server", described("What denials call their server; null where they do not",
                           {{"type", {"string", "null"}}})},
      {"neither",
       by_name("Answers that meant neither, by status", whole("Of that status", "answers"))},
      {"requests_used", whole("Requests that were sent", "requests")},
      {"time_used_ns", whole("From the first request to the end", "ns")},
      {"experiments", list_of("What was tried, in order", probe_experiment())}};
  fields.insert(fields.end(), more.begin(), more.end());
  return object_of(fields);
}

}  // namespace

Json probe_schema() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"$id", "urn:weir:schema:probe"},
                 {"title", "Report of weir probe"}};
  schema.update(object_of(
      {{"schema_version", described("Of this schema", {{"const", 1}})},
       {"version", text("Of weir")},
       {"mode", described("Which command made it", {{"const", "probe"}})},
       {"seed", whole("Of the values that were made up", "1")},
       {"start", text("When the first request was sent, RFC 3339")},
       {"verdict", described("pass: what the gateway enforces was found",
                             {{"enum", {"pass", "inconclusive"}}})},
       {"interrupted", described("It was stopped before its end", {{"const", true}}), false},
       {"inconclusive_because", text("What is open, and what would decide it"), false},
       {"target", described("Where requests went",
                            object_of({{"url", text("Without query and secrets")},
                                       {"engine", text("native or libcurl")},
                                       {"nonce", text("Behind every value that was made up")}}))},
       {"budget", described("What the probe might use",
                            object_of({{"max_requests", whole("In all", "requests")},
                                       {"max_time_ns", whole("In all", "ns")},
                                       {"max_per_second", whole("In any second", "requests")}}))},
       {"statuses", by_name("Answers by status", whole("Of that status", "answers"))},
       {"errors", by_name("Requests without an answer by why", whole("Of that kind", "requests"))},
       {"probe", described("What was found, and how", probe_findings())}}));
  return schema;
}

}  // namespace weir::report
