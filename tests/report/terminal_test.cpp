#include "report/terminal.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "report/json.hpp"
#include "report/sample.hpp"

namespace weir::report {
namespace {

using scenario::Comparison;
using testing::HasSubstr;
using testing::Not;

std::string render(const scenario::Scenario& scenario, const metrics::Outcome& outcome,
                   const TerminalOptions& options = {}) {
  return render_terminal(make_report(scenario, outcome, {}), options);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

scenario::Scenario sample_with_thresholds() {
  scenario::Scenario scenario = sample_scenario();
  scenario.thresholds = {
      threshold("totals.denied_ratio", Comparison::less, 0.05),
      {"latency.allowed.p99_ns < 30ms", "latency.allowed.p99_ns", Comparison::less, 30e6},
      threshold("totals.typo", Comparison::less, 1)};
  return scenario;
}

TEST(Terminal, TellsOfOnePolicy) {
  EXPECT_EQ(render(sample_with_thresholds(), sample_outcome()), R"(llm-gateway  FAIL
  simulation of 10s from 2026-01-01T00:00:00Z, seed 42

  attempts  1,000         2.5s a bar, tallest 250
  allowed     800  80.0%  █▇▅▇
  denied      200  20.0%   ▂▄▂
  3 keys, 2 denied at least once
  Retry-After: 78.9% of 190 honest, 30 too short, 10 too long

  limit     algorithm               allowed  denied  denied %  keys  bytes/key
  requests  sliding-window-log          800     200     20.0%     3         24
  tokens    token-bucket (dry run)      990      10      1.0%     3          8

  class   attempts  allowed  denied  denied %
  steady       600      600       0      0.0%
  bursty       400      200     200     50.0%

  cost    offered  allowed  denied  denied %
  tokens   50,000   40,000  10,000     20.0%

  time            count   mean  p50   p90   p99   max
  to answer         800  2.5ms   0s  20ms  20ms  20ms
  held by limits    800  2.5ms   0s  20ms  20ms  20ms

  most denied  limit     times  longest block
  user-0       requests    150           2.5s
  user-7       requests     50           40ms

     threshold                      value
  ✗  totals.denied_ratio < 0.05       0.2
  ✓  latency.allowed.p99_ns < 30ms   20ms
  ✗  totals.typo < 1                    –
     the report has no field totals.typo
)");
}

TEST(Terminal, TellsOfTheLoopThroughClientsAndBackend) {
  const std::string text = render(sample_loop_scenario(), sample_loop_outcome(), {.width = 120});
  for (const char* line :
       {"500 operations: 400 succeeded, 80 abandoned (10 that their own clients refused to send), "
        "20 unfinished; 2.5 attempts\n",
        "per success, at most 300 retries in 2.5s\n",
        "Retry-After: 78.9% of 190 honest, 30 too short, 10 too long; clients waited as told 450 "
        "times, and 50 times did not\n",
        "fairness 0.900 between 2 keys (Jain's index: 1 if all fare alike)\n",
        "back end: 400 served, 3 refused, 5 left by their clients; 3 in service on average, 75.0% "
        "busy, at most 17 waiting\n",
        "tokens: 5,000 charged in the end, at most 70 beyond the budget, 900 reserved in vain\n",
        "beside an exact window  decisions  wrongly allowed  wrongly denied  most in a window\n",
        "requests                    1,000               20               7               190\n",
        "wait for a slot"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Terminal, ComparesWhatBecameOfOperations) {
  scenario::Scenario scenario = sample_comparison_scenario();
  metrics::Outcome outcome = sample_comparison_outcome();
  outcome.policies[0].accumulator = sample_loop_outcome().policies[0].accumulator;
  const std::string text = render(scenario, outcome, {.width = 120});
  EXPECT_THAT(text, HasSubstr("policy     attempts  denied %  succeeded  p50 time  p99 time  "
                              "tries/success  retries/2.5s  fairness"));
  EXPECT_THAT(text, HasSubstr("strict        1,000     20.0%        400        2s        2s  "
                              "          2.5           300     0.900"));
  EXPECT_THAT(text, HasSubstr("succeeded, by class  strict  lenient  never-met\n"));
}

TEST(Terminal, ComparesPolicies) {
  scenario::Scenario scenario = sample_comparison_scenario();
  scenario.thresholds = {threshold("policies.lenient.totals.denied", Comparison::equal, 0)};
  EXPECT_EQ(render(scenario, sample_comparison_outcome(), {.width = 100}), R"(llm-gateway  PASS
  simulation of 10s from 2026-01-01T00:00:00Z, seed 42, 3 policies on the same traffic

  policy     allowed  denied  denied %  keys denied  peak/2.5s  p99 delay  bytes/key
  strict         800     200     20.0%            2        250       20ms         32
  lenient      1,000       0      0.0%            0        250          –         16
  never-met        0       0         –            0          0          –          –

             allowed over time
  strict     █▇▅▇
  lenient    ████
  never-met
  2.5s a bar, tallest 250

     threshold                            value
  ✓  policies.lenient.totals.denied == 0      0
)");
  EXPECT_THAT(render(scenario, sample_comparison_outcome(), {.width = 104}),
              HasSubstr("bytes/key  allowed over time\n"));
}

TEST(Terminal, LeavesOutWhatDidNotHappen) {
  metrics::Outcome outcome = sample_outcome();
  outcome.policies[0].accumulator = {};
  scenario::Scenario scenario = sample_scenario();
  scenario.policies[0].limits.clear();
  scenario.traffic.resize(1);
  scenario.traffic[0].costs.clear();
  EXPECT_EQ(render(scenario, outcome), R"(llm-gateway  PASS
  simulation of 10s from 2026-01-01T00:00:00Z, seed 42

  attempts  0
  allowed   0  –
  denied    0  –
)");
}

TEST(Terminal, SaysSoIfInterrupted) {
  metrics::Outcome outcome = sample_outcome();
  outcome.interrupted = true;
  outcome.done_parts_per_million = 333'333;
  const std::string text = render(sample_scenario(), outcome);
  EXPECT_THAT(text, HasSubstr("llm-gateway  INCONCLUSIVE\n"));
  EXPECT_THAT(text, HasSubstr("interrupted with 33.3% of the work done; "));
}

TEST(Terminal, TellsOfTraces) {
  metrics::Outcome outcome = sample_outcome();
  outcome.traces = {{"steady", 19366, 4915, 3, 1'000'000'000, std::string(64, 'b')}};
  EXPECT_THAT(render(sample_scenario(), outcome, {.width = 120}),
              HasSubstr("steady: a trace of 19,366 rows, 4,915 out of order and sorted, 3 more "
                        "could not be read, spread over 1s\n"));
  outcome.traces = {{"steady", 19366, 0, 0, 0, std::string(64, 'b')}};
  EXPECT_THAT(render(sample_scenario(), outcome), HasSubstr("steady: a trace of 19,366 rows\n"));
}

TEST(Terminal, DoesNotRoundToNoneOrAll) {
  metrics::Outcome outcome = sample_outcome();
  outcome.policies[0].accumulator.totals = {100'000, 99'999, 1, 0};
  EXPECT_THAT(render(sample_scenario(), outcome), HasSubstr(">99.9%"));
  EXPECT_THAT(render(sample_scenario(), outcome), HasSubstr("<0.1%"));
}

TEST(Terminal, RespectsTheWidth) {
  scenario::Scenario scenario = sample_with_thresholds();
  scenario.name = std::string(300, 'n');
  scenario.policies[0].limits[0].name = std::string(300, 'l');
  scenario.traffic[0].name = std::string(300, 'c');
  metrics::Outcome outcome = sample_outcome();
  outcome.policies[0].accumulator.top_denied[0].key = std::string(300, 'k');
  for (const int width : {60, 80, 120}) {
    for (const std::string& line : lines_of(render(scenario, outcome, {.width = width}))) {
      EXPECT_LE(display_width(line), static_cast<std::size_t>(width)) << line;
    }
    for (const std::string& line : lines_of(
             render(sample_comparison_scenario(), sample_comparison_outcome(), {.width = width}))) {
      EXPECT_LE(display_width(line), static_cast<std::size_t>(width)) << line;
    }
  }
}

TEST(Terminal, NoWidthIsTooSmallToRender) {
  for (const int width : {-1, 0, 1, 2, 10}) {
    EXPECT_THAT(render(sample_with_thresholds(), sample_outcome(), {.width = width}),
                HasSubstr("FAIL"));
    EXPECT_THAT(render(sample_comparison_scenario(), sample_comparison_outcome(), {.width = width}),
                HasSubstr("PASS"));
  }
}

TEST(Terminal, HostileNamesAreHarmless) {
  const std::string hostile = "\x1b]0;owned\x07\x9b\n";
  scenario::Scenario scenario = sample_with_thresholds();
  scenario.name = hostile;
  scenario.policies[0].limits[0].name = hostile;
  scenario.policies[0].limits[0].algorithm = hostile;
  scenario.traffic[0].name = hostile;
  scenario.thresholds[2].expression = hostile;
  scenario.thresholds[2].path = hostile;
  metrics::Outcome outcome = sample_outcome();
  outcome.policies[0].accumulator.top_denied[0].key = hostile;
  outcome.policies[0].accumulator.costs[hostile] = {1, 1, 0};
  outcome.traces = {{hostile, 1, 1, 1, 1, std::string(64, 'b')}};
  const std::size_t ordinary = lines_of(render(sample_with_thresholds(), sample_outcome())).size();
  for (const bool unicode : {true, false}) {
    const std::string text = render(scenario, outcome, {.width = 200, .unicode = unicode});
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("\x07")));
    EXPECT_EQ(lines_of(text).size(), ordinary + 2);  // a cost and a trace more
  }
  scenario.policies[0].name = hostile;
  outcome.policies[0].name = hostile;
  EXPECT_THAT(render(scenario, outcome), Not(HasSubstr("\x1b")));
}

TEST(Terminal, WithoutUnicodeEverythingIsAscii) {
  const std::string text = render(sample_with_thresholds(), sample_outcome(), {.unicode = false});
  for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << text;
  EXPECT_THAT(text, HasSubstr("@#+#"));
}

TEST(Terminal, ColoursTheVerdict) {
  const std::string text = render(sample_with_thresholds(), sample_outcome(), {.color = true});
  EXPECT_THAT(text, HasSubstr("\x1b[31mFAIL\x1b[0m"));
  EXPECT_THAT(render(sample_scenario(), sample_outcome(), {.color = true}),
              HasSubstr("\x1b[32mPASS\x1b[0m"));
  EXPECT_THAT(render(sample_with_thresholds(), sample_outcome()), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace weir::report
