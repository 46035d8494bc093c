#include "report/junit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "report/figure_list.hpp"
#include "report/html_text.hpp"
#include "report/sweep_text.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

struct TestCase {
  enum class Outcome { passed, failed, skipped };
  std::string classname;
  std::string name;
  Outcome outcome = Outcome::passed;
  std::string message;
};

// What is escaped for HTML is so for XML.
std::string xml(const std::string& text) { return html_text(text); }

TestCase threshold_case(const Json& row) {
  TestCase test{"threshold", row["expression"].get<std::string>(), {}, {}};
  const std::string reason = row.contains("reason") ? row["reason"].get<std::string>() : "";
  if (row["ok"] == false) {
    test.outcome = TestCase::Outcome::failed;
    test.message = reason.empty() ? "it was " + exact_text(row["value"]) : reason;
  } else if (row["value"].is_null()) {
    test.outcome = TestCase::Outcome::skipped;
    test.message = reason;
  }
  return test;
}

TestCase conclusive_case(const Json& report) {
  TestCase test{"run", "is conclusive", {}, {}};
  if (report["verdict"] != "inconclusive") return test;
  if (report.contains("shard")) {
    test.outcome = TestCase::Outcome::skipped;
    test.message = "judged when the shards are merged";
    return test;
  }
  test.outcome = TestCase::Outcome::failed;
  test.message = report.contains("inconclusive_because")
                     ? report["inconclusive_because"].get<std::string>()
                     : "the run was interrupted";
  return test;
}

struct KindOfDisagreement {
  const char* name;
  const char* field;
  /// Below the field, where that is an object.
  const char* inner;
};

constexpr KindOfDisagreement kinds_of_disagreement[] = {
    {"admits nothing that the policy denies", "over_admitted", nullptr},
    {"denies nothing that the policy admits", "under_admitted", nullptr},
    {"holds requests back for long enough", "delays_too_short", nullptr},
    {"holds requests back for no longer than it should", "delays_too_long", nullptr},
    {"tells truly what remains", "remaining", "disagree"},
    {"tells truly when all of it is back", "reset", "disagree"},
    {"tells truly when to come back", "retry_after", "disagree"}};

/// What is allowed to differ (see --min-agreement) does not fail.
TestCase disagreement_case(const Json& verify, const KindOfDisagreement& kind, bool run_passed) {
  TestCase test{"verify", kind.name, {}, {}};
  const Json& field = verify[kind.field];
  const Json& count = kind.inner == nullptr ? field : field[kind.inner];
  if (count == 0) return test;
  test.message = fmt::format("{} did not", count.get<std::uint64_t>());
  test.outcome = run_passed ? TestCase::Outcome::skipped : TestCase::Outcome::failed;
  return test;
}

TestCase some_setting_case(const Json& sweep) {
  TestCase test{"sweep", "some setting passes", {}, {}};
  if (sweep["best"].is_null()) {
    test.outcome = TestCase::Outcome::failed;
    test.message = sweep["summary"].get<std::string>();
  }
  return test;
}

std::vector<TestCase> cases_of(const Json& report) {
  std::vector<TestCase> cases = {conclusive_case(report)};
  if (is_sweep_report(report)) {
    if (report["verdict"] != "inconclusive") cases.push_back(some_setting_case(report));
    return cases;
  }
  if (!report.contains("thresholds")) return cases;
  for (const Json& row : report["thresholds"]) cases.push_back(threshold_case(row));
  if (!report.contains("verify")) return cases;
  for (const KindOfDisagreement& kind : kinds_of_disagreement) {
    cases.push_back(disagreement_case(report["verify"], kind, report["verdict"] == "pass"));
  }
  return cases;
}

std::string case_xml(const TestCase& test, const std::string& scenario) {
  std::string head = fmt::format("    <testcase classname=\"{}.{}\" name=\"{}\"", xml(scenario),
                                 test.classname, xml(test.name));
  const std::string message = xml(test.message);
  switch (test.outcome) {
    case TestCase::Outcome::passed:
      return head + "/>\n";
    case TestCase::Outcome::failed:
      return head + fmt::format(
                        ">\n      <failure message=\"{0}\">{1}: {0}</failure>\n"
                        "    </testcase>\n",
                        message, xml(test.name));
    case TestCase::Outcome::skipped:
      return head + fmt::format(">\n      <skipped message=\"{}\"/>\n    </testcase>\n", message);
  }
  return head + "/>\n";
}

std::ptrdiff_t number_of(const std::vector<TestCase>& cases, TestCase::Outcome outcome) {
  return std::count_if(cases.begin(), cases.end(),
                       [&](const TestCase& test) { return test.outcome == outcome; });
}

/// Of a live run as long as it took; a simulation's clock is not that of its reader.
std::string time_attribute(const Json& report) {
  if (!report.contains("elapsed_ns")) return "";
  return fmt::format(" time=\"{:.3f}\"", report["elapsed_ns"].get<double>() / 1e9);
}

std::string error_suite(const FailedRun& run) {
  const std::string name = xml(run.name.empty() ? "unnamed scenario" : run.name);
  return fmt::format(
      "  <testsuite name=\"{0}\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n"
      "    <testcase classname=\"{0}.run\" name=\"reaches its target\">\n"
      "      <error message=\"{1}\">{1}</error>\n"
      "    </testcase>\n"
      "  </testsuite>\n",
      name, xml(run.message));
}

}  // namespace

std::string render_junit(const std::vector<Json>& reports, const std::vector<FailedRun>& failed) {
  std::string suites;
  std::size_t tests = 0;
  std::ptrdiff_t failures = 0, skipped = 0;
  for (const Json& report : reports) {
    const std::string name = subject_of(report);
    const std::vector<TestCase> cases = cases_of(report);
    const std::ptrdiff_t broken = number_of(cases, TestCase::Outcome::failed);
    const std::ptrdiff_t left_out = number_of(cases, TestCase::Outcome::skipped);
    suites += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"{}>\n",
        xml(name), cases.size(), broken, left_out, time_attribute(report));
    for (const TestCase& test : cases) suites += case_xml(test, name);
    suites += "  </testsuite>\n";
    tests += cases.size();
    failures += broken;
    skipped += left_out;
  }
  for (const FailedRun& run : failed) {
    suites += error_suite(run);
    ++tests;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"weir\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n{}"
      "</testsuites>\n",
      tests, failures, failed.size(), skipped, suites);
}

}  // namespace weir::report
