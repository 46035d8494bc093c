#include "report/sweep_schema.hpp"

#include <utility>

#include "report/schema_parts.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

Json counting_from_1(const char* description) {
  Json schema = whole(description, "1");
  schema["minimum"] = 1;
  return schema;
}

Json varied_row() {
  return object_of(
      {{"pointer", text("JSON pointer of the field in the scenario")},
       {"values", list_of("Its values, each as --set takes it", {{"type", "string"}})}});
}

Json objective_row() {
  return object_of(
      {{"field", text("A field of the report of a setting; the largest value counts of a series")},
       {"goal", described("Whether little or much of it is wanted", {{"enum", {"min", "max"}}})}});
}

Json setting_row() {
  return object_of(
      {{"setting", counting_from_1("Its number in the grid, whose last field changes fastest")},
       {"values", list_of("What each varied field is, as --set takes it", {{"type", "string"}})},
       {"verdict", described("Whether it passes the thresholds",
                             {{"enum", {"pass", "fail", "inconclusive"}}})},
       {"failed", list_of("The thresholds that it fails", {{"type", "string"}})},
       {"front", flag("Whether no other setting is better in everything; of those that reach the "
                      "same only one, the first that passes if there is one")},
       {"ties", counting_from_1("How many other settings of the front reach the same"), false},
       {"figures",
        by_name("By field: what `weir simulate` with --set reports, as far as thresholds, "
                "objectives and --field name it, and peak_allowed: the most allowed in any window "
                "of series_interval_ns; null where there is nothing to compute",
                {{"type", {"number", "null"}}})},
       {"sha256", sha256("SHA-256 of the setting's resolved scenario")}});
}

std::vector<Field> sweep_fields() {
  Json best = counting_from_1(
      "The setting that passes and is best by the first objective, then "
      "by the next; null if none passes, though any might where no threshold was judged");
  best["type"] = {"integer", "null"};
  return {
      {"schema_version", described("Of this schema", {{"const", 1}})},
      {"version", text("Of the weir that wrote it")},
      {"mode", described("Always sweep", {{"const", "sweep"}})},
      {"scenario", described("What was run",
                             object_of({{"name", text("The scenario's name")},
                                        {"sha256", sha256("SHA-256 of the settings' hashes")},
                                        {"seed", whole("The seed of the first setting", "1")}}))},
      {"verdict", described("Whether any setting passes; inconclusive if interrupted, or if none "
                            "was judged",
                            {{"enum", {"pass", "fail", "inconclusive"}}})},
      {"summary", text("The best setting in one sentence")},
      {"interrupted", described("There if the sweep was stopped before its end", {{"const", true}}),
       false},
      {"done_ratio", share("Which share of the settings was done by then"), false},
      {"policy", text("The policy whose figures count, where policies have names"), false},
      {"varied", list_of("What varies", varied_row())},
      {"thresholds", list_of("What makes a setting pass", {{"type", "string"}})},
      {"not_judged",
       list_of("The thresholds of which no simulation can tell, in no setting",
               object_of({{"expression", text("The threshold")}, {"reason", text("Why")}})),
       false},
      {"inconclusive_because",
       text("There if no threshold was judged: best is then chosen among all settings"), false},
      {"objectives", list_of("What is chosen by, the first counting most", objective_row())},
      {"fields", list_of("What --field asked for", {{"type", "string"}}), false},
      {"series_interval_ns",
       whole("Of the series whose largest values count; as long are the windows of peak_allowed",
             "ns")},
      {"series_parts",
       whole("Into how many equal parts such an interval is cut: a window may begin at each", "1")},
      {"traffic_plans",
       whole("For how many different kinds of traffic; 1 where only policies vary", "1")},
      {"passed", whole("How many settings pass", "1")},
      {"best", std::move(best)},
      {"front",
       list_of("The settings that no other beats in everything", counting_from_1("A setting"))},
      {"settings", list_of("Every setting that was run", setting_row())}};
}

}  // namespace

Json sweep_schema() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"$id", "urn:weir:schema:sweep"},
                 {"title", "weir sweep"},
                 {"description", "The report of a sweep: one scenario in many settings."}};
  schema.update(object_of(sweep_fields()));
  return schema;
}

}  // namespace weir::report
