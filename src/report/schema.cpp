#include "report/schema.hpp"

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "core/columns.hpp"
#include "metrics/accumulator.hpp"
#include "report/schema_live.hpp"
#include "report/schema_parts.hpp"
#include "report/verification.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

// ---- Parts of several sections

std::vector<Field> count_fields() {
  return {{"attempts", whole("Requests that were decided", "requests")},
          {"allowed", whole("Requests that were admitted", "requests")},
          {"denied", whole("Requests that an enforced limit denied", "requests")},
          {"errors", whole("Requests that ended in neither", "requests")}};
}

std::vector<Field> rated_count_fields() {
  std::vector<Field> fields = count_fields();
  fields.push_back({"allowed_ratio", share("allowed / attempts; null without attempts")});
  fields.push_back({"denied_ratio", share("denied / attempts; null without attempts")});
  return fields;
}

Json cost_totals() {
  return object_of({{"offered", whole("Sum over all attempts", "units of the cost")},
                    {"allowed", whole("Sum over admitted attempts", "units of the cost")},
                    {"denied", whole("Sum over denied attempts", "units of the cost")}});
}

Json percentiles() {
  return object_of({{"count", whole("How many were measured; if none, all else is null", "1")},
                    {"min_ns", whole_or_null("The least, exactly", "ns")},
                    {"mean_ns", whole_or_null("The mean, rounded down", "ns")},
                    {"p50_ns", whole_or_null("Half did not exceed it", "ns")},
                    {"p75_ns", whole_or_null("75 % did not exceed it", "ns")},
                    {"p90_ns", whole_or_null("90 % did not exceed it", "ns")},
                    {"p95_ns", whole_or_null("95 % did not exceed it", "ns")},
                    {"p99_ns", whole_or_null("99 % did not exceed it", "ns")},
                    {"p999_ns", whole_or_null("99.9 % did not exceed it", "ns")},
                    {"max_ns", whole_or_null("The largest, exactly", "ns")}});
}

Json signed_percentiles() {
  Json schema = percentiles();
  for (auto& [name, field] : schema["properties"].items()) {
    if (name != "count") field.erase("minimum");
  }
  return schema;
}

Json digits(const char* description, const char* unit) {
  return {{"description", description},
          {"type", "string"},
          {"pattern", "^[0-9]{1,39}$"},
          {"x-unit", unit}};
}

Json histogram() {
  Json fields = object_of(
      {{"hdr", text("Counts by value in HdrHistogram's V2 encoding, uncompressed, in base64; three "
                    "significant digits")},
       {"min", whole("The least value, exactly", "ns")},
       {"max", whole("The largest value, exactly", "ns")},
       {"sum", described("Sum of all values in decimal digits: it may need 128 bits",
                         {{"type", "string"}, {"pattern", "^[0-9]{1,39}$"}, {"x-unit", "ns"}})}});
  fields["type"] = {"object", "null"};
  return fields;
}

// ---- Sections of a policy's figures

Json totals() {
  std::vector<Field> fields = rated_count_fields();
  fields.push_back(
      {"active_keys", whole("Distinct keys that the limit with the most of them met; 0 without "
                            "limits",
                            "keys")});
  return object_of(fields);
}

std::vector<Field> operation_sums() {
  return {
      {"count", whole("Clients' wishes, each of one or more attempts", "operations")},
      {"succeeded", whole("Those that were answered", "operations")},
      {"abandoned", whole("Those that the client gave up, or left", "operations")},
      {"unfinished", whole("Those that waited to be tried again when the run ended", "operations")},
      {"throttled",
       whole("Of the abandoned, those that their own client refused to send", "operations")},
      {"attempts", whole("Attempts at them", "requests")},
      {"retries", whole("Those of the attempts that were not the first", "requests")}};
}

std::vector<Field> operation_fields() {
  std::vector<Field> fields = operation_sums();
  fields.push_back({"succeeded_ratio", share("succeeded / count; null without operations")});
  fields.push_back({"attempts_per_success",
                    number_or_null("attempts / succeeded; null if none succeeded", "requests")});
  return fields;
}

Json operations() {
  std::vector<Field> fields = operation_fields();
  fields.push_back({"succeeded_per_second",
                    number_or_null("succeeded / the length of the run", "operations per second")});
  fields.push_back(
      {"retry_peak", whole("The most retries in one interval of the series", "requests")});
  return object_of(fields);
}

Json class_row() {
  std::vector<Field> fields = rated_count_fields();
  fields.push_back({"operations", described("Its clients' wishes", object_of(operation_fields()))});
  fields.push_back(
      {"latency_operation", reference("percentiles",
                                      "Of its operations that succeeded, from when they "
                                      "were due to the end")});
  return object_of(fields);
}

Json retry_after() {
  std::vector<Field> fields = {
      {"present", whole("Denials that said when to come back", "requests")},
      {"absent", whole("Denials that did not", "requests")},
      {"honest", whole("Promises kept, and not a second or more later than need be", "requests")},
      {"too_short", whole("Promises of an instant at which it would be denied again", "requests")},
      {"too_long", whole("Promises of a second or more later than need be", "requests")},
      {"never", whole("Promises though no wait would help", "requests")},
      {"honest_ratio", share("honest / present; null if none was")},
      {"error", reference("signed_percentiles",
                          "The promised instant minus the first at which the same request would "
                          "have been admitted, had nothing else come")},
      {"client_obeyed", whole("Retries that waited as they had been told", "requests")},
      {"client_early", whole("Retries that did not", "requests")}};
  for (Field& field : live_retry_after_fields()) fields.push_back(std::move(field));
  return object_of(fields);
}

Json fairness() {
  return object_of(
      {{"keys", whole("Those between whom fairness is measured", "keys")},
       {"jain_index", share("Jain's index of the shares of their operations that succeeded: 1 if "
                            "all are alike, 1 / keys if one gets all; null if nobody gets "
                            "anything")}});
}

Json accuracy() {
  return object_of(
      {{"reference",
        described(
            "The exact window",
            object_of({{"algorithm", text("Which of the catalogue")},
                       {"limit", whole("Where the scenario names one", "units of the cost"), false},
                       {"window_ns", whole("Where the scenario names one", "ns"), false}}))},
       {"compared", whole("Decisions that were compared with it", "requests")},
       {"false_allows", whole("Admitted though the window was full", "requests")},
       {"false_denials", whole("Denied though the window had room", "requests")},
       {"false_allow_ratio", share("false_allows / compared; null without decisions")},
       {"false_denial_ratio", share("false_denials / compared; null without decisions")},
       {"peak_in_window",
        whole("The most that was ever admitted within one window", "units of the cost")}});
}

std::vector<Field> backend_sums() {
  return {{"served", whole("Requests that were served to the end", "requests")},
          {"refused", whole("Requests that found its queue full", "requests")},
          {"left", whole("Requests whose clients left before", "requests")}};
}

Json backend() {
  std::vector<Field> fields = backend_sums();
  fields.push_back({"wait", reference("percentiles", "How long requests waited for a slot")});
  fields.push_back({"first_token", reference("percentiles",
                                             "From when attempts were due to the first tokens of "
                                             "their answers, where these have tokens")});
  fields.push_back({"mean_running", number_or_null("In service, averaged over time", "requests")});
  fields.push_back(
      {"mean_present", number_or_null("In service or waiting, averaged over time", "requests")});
  Field utilisation = {"utilisation_ratio", share("mean_running / slots, where these are limited")};
  utilisation.required = false;
  fields.push_back(utilisation);
  fields.push_back({"peak_running", whole("The most in service at once", "requests"), false});
  fields.push_back({"peak_waiting", whole("The most waiting at once", "requests"), false});
  return object_of(fields);
}

Json limit() {
  return object_of(
      {{"name", text("The limit's name")},
       {"algorithm", text("Its id in the catalogue")},
       {"enforce", flag("Whether its denials counted; otherwise they were only recorded")},
       {"allowed", whole("Requests that it applied to and would admit", "requests")},
       {"denied", whole("Requests that it applied to and would deny", "requests")},
       {"keys", whole("Distinct keys that it met", "keys")},
       {"state_bytes_per_key",
        number_or_null("Memory of its states at the end / keys; null without keys", "bytes")},
       {"settled",
        whole("What requests really cost, where that is charged late", "units of the cost"), false},
       {"overshoot",
        whole("The furthest that a key went beyond its budget by costs known late",
              "units of the cost"),
        false},
       {"reserved_unused", whole("What was reserved and not used in the end", "units of the cost"),
        false}});
}

Json top_denied() {
  return object_of(
      {{"key", text("The values of the limit's key attributes, or a pseudonym")},
       {"limit", text("The name of the limit that denied")},
       {"denied", whole("How often it denied the key", "requests")},
       {"longest_block_ns",
        whole("The longest time from the first to the last of the key's denials in a row", "ns")}});
}

Json latency() {
  return object_of(
      {{"allowed", reference("percentiles", "Of admitted attempts, from when they were due")},
       {"denied", reference("percentiles", "Of denied attempts, from when they were due")},
       {"operation",
        reference("percentiles", "Of operations, from when the first attempt was due to the end")},
       {"delay",
        reference("percentiles",
                  "How long limiters held admitted requests back; 0 for those they did not")}});
}

Json series() {
  const auto column = [](const char* description, Json items) {
    return list_of(description, std::move(items));
  };
  return object_of(
      {{"interval_ns", whole("The length of an interval", "ns")},
       {"attempts", column("Attempts in each interval, the first from the end of the warm-up",
                           whole("Attempts in the interval", "requests"))},
       {"allowed",
        column("Those of them that were admitted", whole("Admitted in the interval", "requests"))},
       {"denied",
        column("Those of them that were denied", whole("Denied in the interval", "requests"))},
       {"retries", column("Those of the attempts that were not the first of their operation",
                          whole("Retries in the interval", "requests"))},
       {"succeeded", column("Operations that ended well in each interval",
                            whole("Ended well in the interval", "operations"))},
       {"p99_ns",
        column("What 99 % of the latencies of the interval's admitted attempts did not exceed",
               whole_or_null("Null if none was admitted", "ns"))}});
}

Json backend_accumulator() {
  std::vector<Field> fields = backend_sums();
  fields.push_back({"wait", reference("histogram", "Waits for a slot")});
  fields.push_back({"first_token", reference("histogram", "Times to the first token")});
  fields.push_back({"busy_ns", digits("Integral over time of those in service", "ns")});
  fields.push_back(
      {"present_ns", digits("Integral over time of those in service or waiting", "ns")});
  fields.push_back({"peak_running", whole("0 where slots are not limited", "requests")});
  fields.push_back({"peak_waiting", whole("0 where slots are not limited", "requests")});
  return object_of(fields);
}

Json accumulator() {
  return object_of(
      {{"totals", reference("counts", "All attempts")},
       {"operations", reference("operation_sums", "Clients' wishes")},
       {"costs", by_name("Sums by name of the cost", reference("cost", "One cost's sums"))},
       {"limits",
        list_of("The policy's limits in file order",
                object_of({{"allowed", whole("Requests it would admit", "requests")},
                           {"denied", whole("Requests it would deny", "requests")},
                           {"keys", whole("Distinct keys that it met", "keys")},
                           {"state_bytes", whole("Memory of its states at the end", "bytes")},
                           {"overshoot", whole("The furthest beyond the budget", "units")},
                           {"reserved_unused", whole("Reserved and not used", "units")},
                           {"settled", whole("Costs that were known late", "units")},
                           {"compared", whole("Decisions compared with a window", "requests")},
                           {"false_allows", whole("As in the report", "requests")},
                           {"false_denials", whole("As in the report", "requests")},
                           {"peak_in_window", whole("As in the report", "units")}}))},
       {"classes",
        list_of("The classes of traffic in file order",
                object_of({{"counts", reference("counts", "The attempts of a class")},
                           {"operations", reference("operation_sums", "Its clients' wishes")},
                           {"latency_operation",
                            reference("histogram", "Latencies of its operations")}}))},
       {"by_attribute",
        by_name("By attribute, for those of few values",
                by_name("By value", reference("counts", "The attempts with that value")))},
       {"denied_keys",
        whole("Keys that an enforced limit denied at least once, counted once per limit", "keys")},
       {"top_denied",
        at_most(metrics::Accumulator::top_denied_kept,
                list_of("The keys denied most, most denied first, then by limit and key",
                        object_of({{"key", text("The key, or its pseudonym")},
                                   {"limit", whole("Which of `limits`, from 0", "1")},
                                   {"denied", whole("How often it was denied", "requests")},
                                   {"longest_block_ns", whole("As in the report", "ns")}})))},
       {"latency_allowed", reference("histogram", "Latencies of admitted attempts")},
       {"latency_denied", reference("histogram", "Latencies of denied attempts")},
       {"latency_operation", reference("histogram", "Latencies of operations")},
       {"delay",
        reference("histogram",
                  "How long limiters held admitted requests back; 0 for those they did not")},
       {"retry_after",
        described("Sums of the report's section of that name",
                  object_of({{"present", whole("Promises", "requests")},
                             {"absent", whole("Denials without", "requests")},
                             {"too_short", whole("As in the report", "requests")},
                             {"honest", whole("As in the report", "requests")},
                             {"too_long", whole("As in the report", "requests")},
                             {"never", whole("As in the report", "requests")},
                             {"late", reference("histogram", "Errors of at least 0")},
                             {"early", reference("histogram", "Errors below 0, without the sign")},
                             {"client_obeyed", whole("As in the report", "requests")},
                             {"client_early", whole("As in the report", "requests")}}))},
       {"fairness", described("Sums over keys of the share of operations that succeeded",
                              object_of({{"keys", whole("How many", "keys")},
                                         {"shares", digits("Sum of the shares", "1e-6")},
                                         {"squares", digits("Sum of their squares", "1e-12")}}))},
       {"backend", described("Sums of the report's section of that name", backend_accumulator())},
       {"live", described("Of a live run", live_accumulator()), false},
       {"series",
        list_of("The intervals of the series, up to the last in which something came",
                object_of({{"attempts", whole("Attempts", "requests")},
                           {"allowed", whole("Those admitted", "requests")},
                           {"denied", whole("Those denied", "requests")},
                           {"retries", whole("Those not the first", "requests")},
                           {"succeeded", whole("Operations ended well", "operations")},
                           {"latency", reference("histogram", "Latencies of those admitted")}}))}});
}

std::vector<Field> figure_fields() {
  return {
      {"totals", described("All attempts", totals())},
      {"operations", described("Clients' wishes", operations())},
      {"costs", by_name("Sums by name of the cost", reference("cost", "One cost's sums"))},
      {"limits", list_of("The policy's limits in file order; each has its own verdicts, whether or "
                         "not another limit denied",
                         limit())},
      {"classes", by_name("The totals again, by class of traffic",
                          reference("class", "A class's attempts and operations"))},
      {"by_attribute",
       by_name("The totals again, by attribute, for those of few values",
               by_name("By value", reference("rated_counts", "The attempts with that value")))},
      {"denied_keys",
       whole("Keys that an enforced limit denied at least once, counted once per limit", "keys")},
      {"top_denied", at_most(10, list_of("The keys denied most, most denied first", top_denied()))},
      {"retry_after", described("Whether denials told the truth about when to come back, and "
                                "whether clients did as they were told",
                                retry_after())},
      {"latency", described("Times as percentiles", latency())},
      {"fairness", described("How evenly operations succeed", fairness())},
      {"accuracy",
       by_name("By name of the limit, for those that name a reference",
               described("The limit's decisions beside those of an exact window", accuracy())),
       false},
      {"errors",
       by_name("The errors by kind, of a run with a back end or against a real gateway",
               whole("Of that kind; queue_full: found the back end's queue full", "requests")),
       false},
      {"backend", described("What served admitted requests, if anything did", backend()), false},
      {"series", described("What happened over time, in parallel arrays", series())},
      {"accumulator", described("What all of it was computed from", accumulator())}};
}

/// With what only live runs have.
std::vector<Field> all_figure_fields() {
  std::vector<Field> fields = figure_fields();
  for (Field& field : live_fields()) fields.push_back(std::move(field));
  return fields;
}

Json comparison_row() {
  return object_of(
      {{"policy", text("The policy's name")},
       {"allowed", whole("Requests that it admitted", "requests")},
       {"denied", whole("Requests that it denied", "requests")},
       {"allowed_ratio", share("allowed / attempts; null without attempts")},
       {"denied_ratio", share("denied / attempts; null without attempts")},
       {"succeeded", whole("Operations that were answered", "operations")},
       {"attempts_per_success", number_or_null("As in its operations", "requests")},
       {"retry_peak", whole("The most retries in one interval of the series", "requests")},
       {"operation_p50_ns", whole_or_null("The median latency of operations", "ns")},
       {"operation_p99_ns", whole_or_null("Their 99th percentile", "ns")},
       {"honest_ratio", share("Of the promises of when to come back; null if there was none")},
       {"jain_index", share("Of fairness; null if nobody got anything")},
       {"denied_keys", whole("Keys denied at least once, counted once per limit", "keys")},
       {"peak_allowed", whole("The most it admitted in one interval of the series", "requests")},
       {"delay_p99_ns",
        whole_or_null("What 99 % of the delays of admitted requests did not exceed; null if none "
                      "was",
                      "ns")},
       {"state_bytes_per_key",
        number_or_null("Memory of all its limits' states at the end / active keys; null without",
                       "bytes")}});
}

// ---- The whole

Json threshold_row() {
  return object_of(
      {{"expression", text("The threshold as it stands in the scenario")},
       {"value", described("What the field was; null if it was missing or null",
                           {{"type", {"number", "null"}}, {"x-unit", "that of the field"}})},
       {"ok", flag("Whether it held")},
       {"reason",
        text("Why it could not be judged: that counts as failed, but for fields that only "
             "live runs have"),
        false}});
}

Json trace_row() {
  return object_of(
      {{"class", text("The class of traffic that replayed the trace")},
       {"rows", whole("Rows that were read", "rows")},
       {"out_of_order", whole("Rows earlier than the one before; they were sorted", "rows")},
       {"bad_rows", whole("Rows that could not be read and were skipped", "rows")},
       {"spread_ns", whole("Each row was moved later by a seeded draw below this", "ns")},
       {"sha256", sha256("SHA-256 of the trace's file")}});
}

Json shard() {
  const auto number = [](const char* description) {
    Json schema = whole(description, "1");
    schema["minimum"] = 1;
    schema["maximum"] = logical_shards;
    return schema;
  };
  return object_of(
      {{"index", number("Which part, from 1")},
       {"count", number("How many parts there are")},
       {"key_attributes", list_of("The attributes of which values are keys", {{"type", "string"}})},
       {"pseudonyms", described("There if hashes stand in place of keys", {{"const", true}}),
        false}});
}

std::vector<Field> head_fields() {
  return {
      {"schema_version", described("Of this schema", {{"const", 1}})},
      {"version", text("The version of weir that made the report")},
      {"mode", described("What made the decisions: a simulation, or a real gateway under load",
                         {{"enum", {"simulate", "load", "verify"}}})},
      {"scenario",
       described("What was run",
                 object_of({{"name", text("The scenario's name")},
                            {"sha256", sha256("SHA-256 of the resolved scenario, overrides and "
                                              "trace hashes included")},
                            {"seed", whole("The seed of all random streams", "1")}}))},
      {"shard",
       described("There if this is one part of a run: nothing of it is judged before the "
                 "parts are merged",
                 shard()),
       false},
      {"start", described("When the counted part of the run begins, RFC 3339",
                          {{"type", "string"}, {"format", "date-time"}})},
      {"duration_ns", whole("How long the counted part of the run is", "ns")},
      {"verdict", described("Whether all thresholds held; inconclusive if the run was interrupted",
                            {{"enum", {"pass", "fail", "inconclusive"}}})},
      {"thresholds", list_of("The scenario's thresholds in file order", threshold_row())},
      {"interrupted", described("There if the run was stopped before its end", {{"const", true}}),
       false},
      {"done_ratio", share("How much of the run was done when it was interrupted"), false},
      {"inconclusive_because", text("Why the run says nothing, if it does not"), false},
      {"target", described("Where the requests of a live run went", live_target()), false},
      {"elapsed_ns", whole("Of a live run: from its start to the last answer", "ns"), false},
      {"ended_by",
       described("There if a cap ended the run", {{"enum", {"max_requests", "max_cost"}}}), false},
      {"verify", verification_schema(), false},
      {"traces", list_of("The recorded traffic that was replayed", trace_row()), false}};
}

Json required_names(const std::vector<Field>& fields) {
  Json names = Json::array();
  for (const Field& field : fields) {
    if (field.required) names.push_back(field.name);
  }
  return {{"required", std::move(names)}};
}

Json definitions() {
  return {{"counts", object_of(count_fields())},
          {"rated_counts", object_of(rated_count_fields())},
          {"cost", cost_totals()},
          {"percentiles", percentiles()},
          {"signed_percentiles", signed_percentiles()},
          {"operation_sums", object_of(operation_sums())},
          {"class", class_row()},
          {"histogram", histogram()},
          {"figures", object_of(all_figure_fields())}};
}

}  // namespace

Json report_schema() {
  const std::vector<Field> comparison = {
      {"policies",
       by_name("With policies by name: the figures of each, which met the very same operations",
               reference("figures", "The figures of a policy"))},
      {"comparison", list_of("The policies side by side in file order", comparison_row())}};
  std::vector<Field> fields = head_fields();
  std::vector<Field> results = all_figure_fields();
  results.insert(results.end(), comparison.begin(), comparison.end());
  for (Field& field : results) {
    field.required = false;
    fields.push_back(std::move(field));
  }

  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"$id", "urn:weir:schema:report"},
                 {"title", "weir report"},
                 {"description",
                  "The report of one scenario. Times in nanoseconds have the unit in their names; "
                  "ratios are from 0 to 1, and null where there is nothing to divide by. The "
                  "figures stand at the top, or below `policies` if the scenario names them."}};
  schema.update(object_of(fields));
  schema["oneOf"] = {required_names(figure_fields()), required_names(comparison)};
  schema["dependentRequired"] = {{"interrupted", Json::array({"done_ratio"})},
                                 {"done_ratio", Json::array({"interrupted"})}};
  schema["$defs"] = definitions();
  return schema;
}

}  // namespace weir::report
