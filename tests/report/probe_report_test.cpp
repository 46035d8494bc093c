#include "report/probe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/json.hpp"
#include "report/reading.hpp"
#include "report/terminal.hpp"

namespace weir::report {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::ordered_json;

metrics::ProbeFacts::Limit nginx_limit() {
  return {"token-bucket",
          "nginx-limit-req",
          {{"rate", "10/s", "9.98/s", "10.02/s"},
           {"burst", "20", "20", "20"},
           {"nodelay", "true", "", ""}}};
}

metrics::ProbeOutcome nginx_outcome() {
  metrics::ProbeOutcome outcome;
  metrics::ProbeFacts& facts = outcome.facts;
  facts.found = nginx_limit();
  facts.confidence = 0.98;
  facts.keyed_by = {"header:X-User"};
  facts.alternatives.push_back(
      {{"sliding-window-log", "sliding-window-log", {{"limit", "21", "21", "21"}}}, 7, "7 of 90"});
  facts.header_families = {"retry_after"};
  facts.retry_after = {3, 3, 0, 0};
  facts.requests_used = 90;
  facts.time_used = Duration::from_seconds(3);
  metrics::ProbeFacts::Experiment experiment;
  experiment.name = "burst until denied";
  experiment.showed = "21 at once, and then no more";
  experiment.requests = 2;
  experiment.allowed = experiment.denied = 1;
  experiment.seen = {{0, Duration(), Duration::from_ms(1), true, true},
                     {1, Duration::from_ms(1), Duration::from_ms(2), false, true},
                     {1, Duration::from_ms(2), Duration::from_ms(3), true, false}};
  facts.experiments = {experiment};
  outcome.url = "http://gateway/";
  outcome.engine = "native";
  outcome.max_requests = 1000;
  outcome.max_time = Duration::from_seconds(120);
  outcome.max_per_second = 200;
  outcome.statuses = {{200, 60}, {503, 30}};
  outcome.errors = {{"timeout", 1}};
  outcome.denied_status = 503;
  outcome.promises_kept = 1;
  return outcome;
}

std::string story_of(const metrics::ProbeOutcome& outcome) {
  return render_terminal(make_probe_report(outcome), {.color = false, .width = 90});
}

TEST(ProbeReport, HasParametersAsAScenarioHasThem) {
  const Json probe = make_probe_report(nginx_outcome())["probe"];
  EXPECT_EQ(probe["parameters"], (Json{{"rate", "10/s"}, {"burst", 20}, {"nodelay", true}}));
  EXPECT_EQ(probe["ranges"]["burst"], (Json{{"least", 20}, {"most", 20}}));
  EXPECT_FALSE(probe["ranges"].contains("nodelay"));
  EXPECT_EQ(probe["experiments"][0]["seen"]["decisions"], "ad?");
  EXPECT_EQ(probe["experiments"][0]["seen"]["sent_ns"], (Json{0, 1'000'000, 2'000'000}));
}

TEST(ProbeReport, IsAsItsSchemaSays) {
  metrics::ProbeOutcome outcome = nginx_outcome();
  const auto error_of = [&] {
    const auto read = read_report(to_text(make_probe_report(outcome)), "probe.json");
    return read ? "" : read.error().message;
  };
  EXPECT_EQ(error_of(), "");
  outcome.interrupted = true;
  outcome.why_inconclusive = "it was interrupted";
  outcome.denied_status.reset();
  outcome.facts.further_limits.push_back(nginx_limit());
  outcome.facts.cannot_tell_apart = {"token-bucket", "gcra"};
  outcome.facts.alternatives[0].limit.parameters[0].most.clear();
  outcome.allowed_status = 200;
  outcome.neither = {{500, 3}};
  outcome.malformed = {{"retry_after", 1}};
  outcome.facts.told_of = "tightest";
  EXPECT_EQ(error_of(), "");
  outcome.facts.found.family = "guesswork";
  EXPECT_THAT(error_of(), HasSubstr("family"));
}

TEST(ProbeReport, IsDecidedOrInconclusive) {
  metrics::ProbeOutcome outcome = nginx_outcome();
  EXPECT_EQ(make_probe_report(outcome)["verdict"], "pass");
  outcome.why_inconclusive = "more time would decide it";
  EXPECT_EQ(make_probe_report(outcome)["verdict"], "inconclusive");
}

TEST(ProbeStory, EndsWithTheConclusion) {
  const std::string story = story_of(nginx_outcome());
  EXPECT_THAT(story, HasSubstr("probe of http://gateway/  FOUND\n"));
  EXPECT_THAT(story, HasSubstr("90 of at most 1,000 requests in 3s of at most 2m"));
  EXPECT_THAT(story, HasSubstr(" 1  burst until denied (2 requests in 0s): 21 at once"));
  EXPECT_THAT(story, HasSubstr("promised instant 1 of 1 were let in"));
  EXPECT_THAT(story, HasSubstr("which cannot explain 7 decisions"));
  EXPECT_THAT(story, EndsWith("  a token bucket: nginx-limit-req rate=10/s burst=20 nodelay=true, "
                              "for each header:X-User\n  (confidence 0.98); slower limits were not "
                              "looked for\n"));
}

TEST(ProbeStory, SaysHowFarASlowerLimitWasLookedFor) {
  metrics::ProbeOutcome outcome = nginx_outcome();
  outcome.facts.experiments.push_back(outcome.facts.experiments[0]);
  outcome.facts.experiments[1].name = "just below";
  outcome.facts.experiments[1].requests = 412;
  outcome.facts.experiments[1].duration = Duration::from_seconds(41);
  EXPECT_THAT(story_of(outcome), HasSubstr("no slower limit showed within 412 requests in 41s"));
}

TEST(ProbeStory, SaysWhichOfSeveralLimitsAnswersTellOf) {
  metrics::ProbeOutcome outcome = nginx_outcome();
  outcome.facts.header_families = {"x_ratelimit"};
  outcome.facts.remaining = {9, 9, 0, 0};
  outcome.facts.further_limits = {nginx_limit()};
  outcome.facts.further_limits[0].parameters[0].value = "100/1m";
  EXPECT_THAT(story_of(outcome), testing::Not(HasSubstr("they tell")));
  const auto told_of = [&outcome](const char* limit) {
    outcome.facts.told_of = limit;
    std::string story = story_of(outcome);
    for (std::size_t end = story.find("\n  "); end != std::string::npos; end = story.find("\n  ")) {
      story.replace(end, 3, " ");
    }
    return story;
  };
  EXPECT_THAT(told_of("tightest"),
              HasSubstr("; of the limits they tell the one with the least left"));
  EXPECT_THAT(told_of("limit"), HasSubstr("; of the limits they tell nginx-limit-req rate=10/s"));
  EXPECT_THAT(told_of("slower"),
              HasSubstr("; of the limits they tell nginx-limit-req rate=100/1m"));
}

TEST(ProbeStory, SaysWhatAnswersWereTakenFor) {
  metrics::ProbeOutcome outcome = nginx_outcome();
  outcome.allowed_status = 302;
  outcome.neither = {{500, 1'300}, {502, 2}};
  outcome.malformed = {{"retry_after", 1}};
  outcome.facts.key_undecided = {"header:X-User", "query:user"};
  const std::string story = story_of(outcome);
  EXPECT_THAT(story, HasSubstr("admissions have status 302; denials have status 503; 1,300 of "));
  EXPECT_THAT(story, HasSubstr("2 of status"));
  EXPECT_THAT(story, HasSubstr("retry_after cannot be read in 1 answer"));
  EXPECT_THAT(story, HasSubstr("which of header:X-User and query:user tell requests apart"));
}

TEST(ProbeStory, SaysWhereNothingBoundsANumber) {
  metrics::ProbeOutcome outcome = nginx_outcome();
  outcome.facts.alternatives[0].limit = {"concurrency", "concurrency", {{"limit", "5", "5", ""}}};
  EXPECT_TRUE(
      make_probe_report(outcome)["probe"]["alternatives"][0]["ranges"]["limit"]["most"].is_null());
  EXPECT_THAT(story_of(outcome), HasSubstr("next best: concurrency limit>=5"));
}

TEST(ProbeStory, SaysWhatIsOpen) {
  metrics::ProbeOutcome outcome = nginx_outcome();
  outcome.why_inconclusive = "more time would decide it";
  const std::string story = story_of(outcome);
  EXPECT_THAT(story, HasSubstr("UNDECIDED"));
  EXPECT_THAT(story, HasSubstr("undecided: more time would decide it"));
  EXPECT_THAT(story, HasSubstr("most likely a token bucket"));
}

TEST(ProbeStory, IsAScreenful) {
  metrics::ProbeOutcome outcome = nginx_outcome();
  outcome.facts.experiments.resize(40, outcome.facts.experiments[0]);
  outcome.facts.experiments[1].name = "evil\x1b[2J\nname";
  const std::string story = story_of(outcome);
  EXPECT_THAT(story, HasSubstr("and 31 more like these"));
  EXPECT_LE(std::count(story.begin(), story.end(), '\n'), 40);
  EXPECT_THAT(story, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace weir::report
