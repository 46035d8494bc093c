#include "report/schema.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "report/json.hpp"
#include "report/sample.hpp"
#include "support/run_weir.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::StartsWith;

bool has_validator() { return std::system("python3 -c 'import jsonschema' 2>/dev/null") == 0; }

std::string write_file(const std::string& name, const std::string& content) {
  std::string path = test::temporary_path("report-schema-" + name);
  std::ofstream(path) << content;
  return path;
}

/// What Python's jsonschema says of each document: its errors, "" if there is none.
std::vector<std::string> errors_of(const std::vector<Json>& documents) {
  const std::string script = write_file("check.py", R"(
import json, sys
from jsonschema import Draft202012Validator
schema, documents = (json.load(open(path)) for path in sys.argv[1:])
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
print(json.dumps([
    "; ".join(f"{e.json_path} {e.validator}: {e.message[:99]}" for e in validator.iter_errors(document))
    for document in documents]))
)");
  const std::string command = fmt::format("python3 {} {} {} 2>&1", script,
                                          write_file("schema.json", report_schema().dump()),
                                          write_file("documents.json", Json(documents).dump()));
  std::FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output += static_cast<char>(c);
  pclose(pipe);
  const Json errors = Json::parse(output, nullptr, false);
  if (errors.is_discarded()) return {output};
  return errors.get<std::vector<std::string>>();
}

Json report_with_thresholds() {
  scenario::Scenario scenario = sample_scenario();
  scenario.thresholds = {threshold("totals.denied_ratio", scenario::Comparison::less, 0.5),
                         threshold("totals.typo", scenario::Comparison::less, 0.5)};
  return make_report(scenario, sample_outcome(), {});
}

TEST(ReportSchema, DescribesReports) {
  if (!has_validator()) GTEST_SKIP() << "python3 has no jsonschema";
  metrics::Outcome empty = sample_outcome();
  empty.policies[0].accumulator = {};
  metrics::Outcome comparison = sample_comparison_outcome();
  comparison.interrupted = true;
  comparison.done_parts_per_million = 500'000;
  comparison.traces = {{"steady", 1000, 3, 1, 1'000'000'000, std::string(64, 'b')}};
  EXPECT_THAT(
      errors_of({report_with_thresholds(), make_report(sample_scenario(), empty, {}),
                 make_report(sample_comparison_scenario(), comparison, {.pseudonyms = true})}),
      ElementsAre("", "", ""));
}

TEST(ReportSchema, RejectsWhatIsNoReport) {
  if (!has_validator()) GTEST_SKIP() << "python3 has no jsonschema";
  std::vector<Json> reports(5, report_with_thresholds());
  reports[0]["totals"]["extra"] = 1;
  reports[1].erase("series");
  reports[2]["policies"] = Json::object();
  reports[2]["comparison"] = Json::array();
  reports[3]["latency"]["delay"]["p99_ns"] = 0.5;
  reports[4]["interrupted"] = true;
  EXPECT_THAT(errors_of(reports),
              ElementsAre(StartsWith("$.totals additionalProperties"), StartsWith("$ oneOf"),
                          StartsWith("$ oneOf"), StartsWith("$.latency.delay.p99_ns type"),
                          StartsWith("$ dependentRequired")));
}

bool allows_numbers(const Json& schema) {
  const std::string types = schema.is_object() ? schema.value("type", Json()).dump() : "";
  return types.find("integer") != std::string::npos || types.find("number") != std::string::npos;
}

/// Visits every schema of an object with fixed fields.
void expect_documented(const Json& schema, const std::string& at) {
  if (!schema.is_structured()) return;
  if (schema.is_object() && schema.contains("properties")) {
    EXPECT_EQ(schema["additionalProperties"], false) << at;
    for (const auto& field : schema["properties"].items()) {
      EXPECT_NE(field.value().value("description", ""), "") << at << '/' << field.key();
    }
  }
  if (allows_numbers(schema)) {
    EXPECT_NE(schema.value("x-unit", ""), "") << at;
  }
  for (const auto& part : schema.items()) expect_documented(part.value(), at + '/' + part.key());
}

TEST(ReportSchema, EveryFieldHasADescriptionAndEveryNumberAUnit) {
  expect_documented(report_schema(), "");
}

TEST(ReportSchema, HasAnIdentity) {
  EXPECT_EQ(report_schema()["$id"], "urn:weir:schema:report");
  EXPECT_EQ(report_schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

}  // namespace
}  // namespace weir::report
