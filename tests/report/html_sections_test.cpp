// What the pages of verifications and probes have of their own.
#include <gmock/gmock.h>

#include <string>

#include "report/html_page.hpp"
#include "report/html_report.hpp"
#include "report/html_sections.hpp"
#include "report/probe.hpp"
#include "report/verification.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;
using testing::Not;

TEST(HtmlSections, OfAVerificationDrawItsFirstDisagreements) {
  metrics::VerificationFacts facts;
  facts.believed = "gcra rate=10/s burst=5";
  facts.counts.agree = 990;
  facts.counts.disagree = facts.counts.over_admitted = 10;
  metrics::VerificationFacts::Disagreement one;
  one.key = "<b>ann</b>";
  one.observed = "allowed";
  one.expected = "denied";
  one.before = "allowed 12.5 ms before, denied 4.0 ms before";
  facts.first_disagreements = {one};
  const Json report = {{"verdict", "fail"},
                       {"totals", {{"attempts", 1'000}, {"errors", 0}}},
                       {"verify", make_verification(facts)}};
  HtmlPage page("verified");
  add_verification_section(page, report, Cells(TerminalOptions{.unicode = true}));
  const std::string html = page.render();
  EXPECT_THAT(html, HasSubstr("10 of 1,000 decisions not as gcra rate=10/s burst=5 would make"));
  EXPECT_THAT(html, HasSubstr("The first disagreements, and what their keys did before them"));
  // On the time line 12.5 and 4 ms before, and at 0.
  EXPECT_THAT(html, HasSubstr("-12500000"));
  EXPECT_THAT(html, HasSubstr("-4000000"));
  EXPECT_THAT(html, HasSubstr("&lt;b&gt;ann&lt;/b&gt;"));
  EXPECT_THAT(html, Not(HasSubstr("<b>ann")));
}

TEST(HtmlSections, OfAProbeBeginWithWhatWasFound) {
  metrics::ProbeOutcome outcome;
  outcome.url = "http://gateway/<i>";
  outcome.facts.found = {
      "token-bucket", "nginx-limit-req", {{"rate", "10/s", "9.98/s", "10.02/s"}}};
  outcome.facts.confidence = 0.98;
  metrics::ProbeFacts::Experiment experiment;
  experiment.name = "burst until denied";
  experiment.showed = "21 at once, and then no more";
  experiment.seen = {{0, Duration(), Duration::from_ms(1), true, true}};
  outcome.facts.experiments = {experiment};
  const std::string html = render_html(make_probe_report(outcome));
  const std::size_t found = html.find("token-bucket, closest to nginx-limit-req; confidence 0.98");
  const std::size_t story = html.find("What was tried, and what it showed");
  ASSERT_NE(found, std::string::npos);
  ASSERT_NE(story, std::string::npos);
  EXPECT_LT(found, story);
  EXPECT_THAT(html, HasSubstr("10.02/s"));
  EXPECT_THAT(html, HasSubstr("21 at once, and then no more"));
  EXPECT_THAT(html, Not(HasSubstr("gateway/<i>")));
}

}  // namespace
}  // namespace weir::report
