#include "report/schema.hpp"

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "metrics/accumulator.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

struct Field {
  const char* name;
  Json schema;
  bool required = true;
};

/// An object of exactly these fields, but for those that are not required.
Json object_of(const std::vector<Field>& fields) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Field& field : fields) {
    properties[field.name] = field.schema;
    if (field.required) required.push_back(field.name);
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

Json described(const char* description, const Json& schema) {
  Json result = {{"description", description}};
  result.update(schema);
  return result;
}

Json reference(const char* definition, const char* description) {
  return {{"description", description}, {"$ref", fmt::format("#/$defs/{}", definition)}};
}

Json text(const char* description) { return {{"description", description}, {"type", "string"}}; }

Json flag(const char* description) { return {{"description", description}, {"type", "boolean"}}; }

Json whole(const char* description, const char* unit) {
  return {{"description", description}, {"type", "integer"}, {"minimum", 0}, {"x-unit", unit}};
}

Json whole_or_null(const char* description, const char* unit) {
  Json schema = whole(description, unit);
  schema["type"] = {"integer", "null"};
  return schema;
}

Json number_or_null(const char* description, const char* unit) {
  Json schema = whole(description, unit);
  schema["type"] = {"number", "null"};
  return schema;
}

Json share(const char* description) {
  Json schema = number_or_null(description, "1");
  schema["maximum"] = 1;
  return schema;
}

Json list_of(const char* description, Json items) {
  return {{"description", description}, {"type", "array"}, {"items", std::move(items)}};
}

/// An object whose names come from the scenario or from the traffic.
Json by_name(const char* description, Json values) {
  return {{"description", description},
          {"type", "object"},
          {"additionalProperties", std::move(values)}};
}

Json sha256(const char* description) {
  return {{"description", description}, {"type", "string"}, {"pattern", "^[0-9a-f]{64}$"}};
}

Json at_most(std::size_t count, Json list) {
  list["maxItems"] = count;
  return list;
}

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

Json operations() {
  return object_of({{"count", whole("Clients' wishes, each of one or more attempts", "operations")},
                    {"succeeded", whole("Those of which an attempt was admitted", "operations")},
                    {"abandoned", whole("Those that the client gave up", "operations")},
                    {"attempts_per_success",
                     number_or_null("attempts / succeeded; null if none succeeded", "requests")}});
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
        number_or_null("Memory of its states at the end / keys; null without keys", "bytes")}});
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
       {"p99_ns",
        column("What 99 % of the latencies of the interval's admitted attempts did not exceed",
               whole_or_null("Null if none was admitted", "ns"))}});
}

Json accumulator() {
  return object_of(
      {{"totals", reference("counts", "All attempts")},
       {"operations",
        described("Clients' wishes",
                  object_of({{"count", whole("All of them", "operations")},
                             {"succeeded", whole("Those that succeeded", "operations")},
                             {"abandoned", whole("Those given up", "operations")}}))},
       {"costs", by_name("Sums by name of the cost", reference("cost", "One cost's sums"))},
       {"limits",
        list_of("The policy's limits in file order",
                object_of({{"allowed", whole("Requests it would admit", "requests")},
                           {"denied", whole("Requests it would deny", "requests")},
                           {"keys", whole("Distinct keys that it met", "keys")},
                           {"state_bytes", whole("Memory of its states at the end", "bytes")}}))},
       {"classes", list_of("The classes of traffic in file order",
                           reference("counts", "The attempts of a class"))},
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
       {"series",
        list_of("The intervals of the series, up to the last in which something came",
                object_of({{"attempts", whole("Attempts", "requests")},
                           {"allowed", whole("Those admitted", "requests")},
                           {"denied", whole("Those denied", "requests")},
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
                          reference("rated_counts", "The attempts of a class"))},
      {"by_attribute",
       by_name("The totals again, by attribute, for those of few values",
               by_name("By value", reference("rated_counts", "The attempts with that value")))},
      {"denied_keys",
       whole("Keys that an enforced limit denied at least once, counted once per limit", "keys")},
      {"top_denied", at_most(10, list_of("The keys denied most, most denied first", top_denied()))},
      {"latency", described("Times as percentiles", latency())},
      {"series", described("What happened over time, in parallel arrays", series())},
      {"accumulator", described("What all of it was computed from", accumulator())}};
}

Json comparison_row() {
  return object_of(
      {{"policy", text("The policy's name")},
       {"allowed", whole("Requests that it admitted", "requests")},
       {"denied", whole("Requests that it denied", "requests")},
       {"allowed_ratio", share("allowed / attempts; null without attempts")},
       {"denied_ratio", share("denied / attempts; null without attempts")},
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
       {"reason", text("Why it could not be judged, which counts as failed"), false}});
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

std::vector<Field> head_fields() {
  return {
      {"schema_version", described("Of this schema", {{"const", 1}})},
      {"version", text("The version of weir that made the report")},
      {"mode",
       described("What made the decisions: a simulation", {{"enum", Json::array({"simulate"})}})},
      {"scenario",
       described("What was run",
                 object_of({{"name", text("The scenario's name")},
                            {"sha256", sha256("SHA-256 of the resolved scenario, overrides and "
                                              "trace hashes included")},
                            {"seed", whole("The seed of all random streams", "1")}}))},
      {"start", described("When the counted part of the run begins, RFC 3339",
                          {{"type", "string"}, {"format", "date-time"}})},
      {"duration_ns", whole("How long the counted part of the run is", "ns")},
      {"verdict", described("Whether all thresholds held; inconclusive if the run was interrupted",
                            {{"enum", {"pass", "fail", "inconclusive"}}})},
      {"thresholds", list_of("The scenario's thresholds in file order", threshold_row())},
      {"interrupted", described("There if the run was stopped before its end", {{"const", true}}),
       false},
      {"done_ratio", share("How much of the run was done when it was interrupted"), false},
      {"traces", list_of("The recorded traffic that was replayed", trace_row()), false}};
}

Json required_names(const std::vector<Field>& fields) {
  Json names = Json::array();
  for (const Field& field : fields) names.push_back(field.name);
  return {{"required", std::move(names)}};
}

Json definitions() {
  return {{"counts", object_of(count_fields())},
          {"rated_counts", object_of(rated_count_fields())},
          {"cost", cost_totals()},
          {"percentiles", percentiles()},
          {"histogram", histogram()},
          {"figures", object_of(figure_fields())}};
}

}  // namespace

Json report_schema() {
  const std::vector<Field> comparison = {
      {"policies",
       by_name("With policies by name: the figures of each, which met the very same operations",
               reference("figures", "The figures of a policy")),
       false},
      {"comparison", list_of("The policies side by side in file order", comparison_row()), false}};
  std::vector<Field> fields = head_fields();
  for (Field field : figure_fields()) {
    field.required = false;
    fields.push_back(std::move(field));
  }
  fields.insert(fields.end(), comparison.begin(), comparison.end());

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
