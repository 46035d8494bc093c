#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "report/compare.hpp"
#include "report/csv.hpp"
#include "report/figure_list.hpp"
#include "report/html_report.hpp"
#include "report/json.hpp"
#include "report/junit.hpp"
#include "report/markdown.hpp"
#include "report/reading.hpp"
#include "report/sample.hpp"
#include "support/paths.hpp"
#include "support/run_weir.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;
using testing::Not;

const std::string hostile = "</script><script>alert(1)</script>\"'`|@all\x1b[31m\u202e\uffff&lt;";

/// With names that would be markup, code or a turn of the direction of writing, if they could.
Json hostile_report() {
  scenario::Scenario scenario = sample_scenario();
  scenario.name = hostile;
  scenario.traffic[0].name = "<img src=x onerror=alert(1)>";
  scenario.policies[0].limits[0].name = "](javascript:alert(1))" + hostile;
  scenario.thresholds = {threshold("totals.denied_ratio", scenario::Comparison::less, 0.05),
                         threshold(hostile, scenario::Comparison::less, 1)};
  return make_report(scenario, sample_outcome(), {});
}

std::string written(const std::string& text, const std::string& name) {
  const std::string path = test::temporary_path(name);
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

/// What a shell command says, empty if it exits with 0.
std::string complaint_of(const std::string& command) {
  const std::string out = test::temporary_path("said");
  const int status = std::system((command + " >" + out + " 2>&1").c_str());
  const std::string said = test::read_test_file(out);
  std::filesystem::remove(out);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "" : "failed: " + said;
}

std::string reader_complaint(const std::string& format, const std::string& text,
                             const std::vector<std::string>& numbers = {}) {
  const std::string path = written(text, format);
  std::string command =
      "/usr/bin/python3 " WEIR_SOURCE_DIR "/tests/report/read_formats.py " + format + " " + path;
  for (const std::string& number : numbers) command += ' ' + number;
  const std::string complaint = complaint_of(command);
  std::filesystem::remove(path);
  return complaint;
}

std::vector<std::string> numbers_of(const Json& report) {
  std::vector<std::string> numbers;
  for (const Figure& figure : figure_list(report)) {
    if (!figure.value.is_null()) numbers.push_back(exact_text(figure.value));
  }
  return numbers;
}

Json comparison_report() {
  return make_report(sample_comparison_scenario(), sample_comparison_outcome(), {});
}

TEST(Formats, HtmlIsReadByAParserAndHasEveryNumber) {
  for (const Json& report : {hostile_report(), comparison_report(),
                             make_report(sample_loop_scenario(), sample_loop_outcome(), {})}) {
    EXPECT_EQ(reader_complaint("html", render_html(report), numbers_of(report)), "");
  }
}

TEST(Formats, HtmlNeedsNoNetwork) {
  std::string html = render_html(comparison_report());
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(html, Not(HasSubstr("sourceMappingURL")));
  EXPECT_THAT(html, Not(HasSubstr("<link rel=\"stylesheet\"")));
}

TEST(Formats, ReaderFindsWhatIsWrong) {
  EXPECT_NE(reader_complaint("html", "<!DOCTYPE html><title>x</title><h1>x</h1><p><b></p>"), "");
  EXPECT_NE(reader_complaint("html", render_html(comparison_report()), {"123456789"}), "");
  EXPECT_NE(reader_complaint("markdown", "### x\n<img src=x>\n"), "");
  EXPECT_NE(reader_complaint("csv", "a,b\r\n"), "");
}

TEST(Formats, MarkdownIsReadByAParser) {
  for (const Json& report : {hostile_report(), comparison_report()}) {
    const std::string markdown = render_markdown({report});
    EXPECT_EQ(reader_complaint("markdown", markdown), "");
    EXPECT_THAT(markdown, Not(HasSubstr("@")));
  }
}

TEST(Formats, MarkdownStaysShort) {
  scenario::Scenario scenario = sample_scenario();
  for (int i = 0; i < 1000; ++i) {
    scenario.thresholds.push_back(
        threshold("totals.denied" + std::to_string(i), scenario::Comparison::less, 1));
  }
  const Json report = make_report(scenario, sample_outcome(), {});
  EXPECT_LT(render_markdown({report}).size(), 65536u);
}

TEST(Formats, CsvIsReadByAParserAndHasEveryNumber) {
  for (const Json& report : {hostile_report(), comparison_report()}) {
    EXPECT_EQ(reader_complaint("csv", render_csv({report}), numbers_of(report)), "");
  }
}

TEST(Formats, JunitFitsItsSchema) {
  for (const Json& report : {hostile_report(), comparison_report()}) {
    const std::string path = written(render_junit({report, report}), "junit.xml");
    EXPECT_EQ(
        complaint_of("xmllint --noout --schema " WEIR_SOURCE_DIR "/tests/report/junit.xsd " + path),
        "");
    std::filesystem::remove(path);
  }
}

TEST(Formats, JunitHasACaseForEachThreshold) {
  const std::string xml = render_junit({hostile_report()});
  EXPECT_THAT(xml, HasSubstr("tests=\"3\" failures=\"2\" errors=\"0\" skipped=\"0\""));
  EXPECT_THAT(xml, HasSubstr("name=\"totals.denied_ratio &lt; 0.05\">\n      <failure "
                             "message=\"it was 0.2\">"));
}

TEST(Formats, AReportReadBackRendersTheSame) {
  const Json report = comparison_report();
  const auto read = read_report(to_text(report), "it");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(render_html(*read), render_html(report));
  EXPECT_EQ(render_markdown({*read}), render_markdown({report}));
  EXPECT_EQ(render_csv({*read}), render_csv({report}));
  EXPECT_EQ(render_junit({*read}), render_junit({report}));
}

/// Chromium draws every one of the page's charts, at least `least` of them, and complains of
/// nothing.
void expect_drawn(const std::string& html, std::size_t least) {
  const std::string page = written(html, "page.html");
  const std::string folder = test::temporary_path("chromium");
  const std::string dom = test::temporary_path("dom");
  const std::string log = test::temporary_path("log");
  const std::string complaint = complaint_of(
      "timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
      "--disable-background-networking --disable-component-update --disable-sync "
      "--virtual-time-budget=2000 --enable-logging=stderr --user-data-dir=" +
      folder + " --dump-dom file://" + page + " >" + dom + " 2>" + log + " && cat /dev/null");
  EXPECT_EQ(complaint, "");
  const std::string drawn = test::read_test_file(dom);
  EXPECT_THAT(test::read_test_file(log), Not(HasSubstr("CONSOLE")));
  EXPECT_THAT(drawn, HasSubstr("class=\"js\""));
  // Chart.js gives every canvas that it draws on a size.
  std::size_t charts = 0, sized = 0;
  for (std::size_t at = 0; (at = drawn.find("<canvas", at)) != std::string::npos; ++at, ++charts) {
    const std::string tag = drawn.substr(at, drawn.find('>', at) - at);
    if (tag.find("height=") != std::string::npos) ++sized;
  }
  EXPECT_GE(charts, least);
  EXPECT_EQ(sized, charts);
  for (const std::string& path : {page, folder, dom, log}) std::filesystem::remove_all(path);
}

TEST(Formats, ChromiumDrawsEveryChartAndComplainsOfNothing) {
  if (complaint_of("command -v chromium") != "") GTEST_SKIP() << "there is no chromium";
  expect_drawn(render_html(comparison_report()), 3);
}

TEST(Formats, ChromiumDrawsSweepsAndComparisons) {
  if (complaint_of("command -v chromium") != "") GTEST_SKIP() << "there is no chromium";
  const std::string folder = std::string(WEIR_SOURCE_DIR);
  const auto sweep =
      read_report(test::read_test_file(folder + "/tests/golden/sweep.json"), "sweep");
  ASSERT_TRUE(sweep) << sweep.error().message;
  expect_drawn(render_html(*sweep), 1);
  const auto report =
      read_report(test::read_test_file(folder + "/reports/quickstart.json"), "quickstart");
  ASSERT_TRUE(report) << report.error().message;
  const std::vector<Json> side = {*report};
  expect_drawn(compare_html(compare_reports(side, side, {}), side, side), 1);
}

}  // namespace
}  // namespace weir::report
