#include "cli/algorithms_text.hpp"

#include <gmock/gmock.h>

#include "limiter/catalogue.hpp"

namespace weir::cli {
namespace {

using limiter::AlgorithmInfo;
using limiter::Evidence;
using limiter::ParameterType;
using testing::HasSubstr;

AlgorithmInfo sample() {
  AlgorithmInfo info;
  info.id = "sluice";
  info.summary = "Opens now and then";
  info.parameters = {{.name = "rate", .type = ParameterType::rate, .description = "how much flows"},
                     {.name = "depth", .description = "how deep it is", .min = 1, .max = 9},
                     {.name = "pause",
                      .type = ParameterType::duration,
                      .description = "how long it stays shut",
                      .default_value = "1m",
                      .min = 1},
                     {.name = "mode",
                      .type = ParameterType::choice,
                      .description = "how it opens",
                      .default_value = "up",
                      .choices = {"up", "down"}},
                     {.name = "label",
                      .type = ParameterType::boolean,
                      .description = "whether it has a sign",
                      .optional_without_default = true}};
  info.rule = "wait\nopen";
  info.source = "a river";
  info.version = "2.1";
  info.evidence = Evidence::read_in_source;
  info.state_size = "8";
  info.example = "rate=5/s depth=2";
  info.denied_status = 503;
  info.advertises = "nothing at all";
  info.clock_granularity = Duration::from_ms(1);
  return info;
}

TEST(AlgorithmsText, DescribesAnEntry) {
  EXPECT_EQ(describe_algorithm(sample()), R"(sluice
Opens now and then

Parameters
  rate   how much flows
         a rate such as 5/s or 100/1m; required
  depth  how deep it is
         a whole number from 1 to 9; required
  pause  how long it stays shut
         a duration such as 250ms or 1h30m, longer than 0s; default 1m
  mode   how it opens
         one of up, down; default up
  label  whether it has a sign
         true or false; may be left out

Rule
  wait
  open

Facts
  source          a river
  version         2.1
  evidence        read in the program's source
  bytes per key   8
  clock           in steps of 1ms
  denied status   503
  advertises      nothing at all

Try it
  weir simulate --limit 'sluice rate=5/s depth=2 key=user'
)");
}

TEST(AlgorithmsText, AnEntryMayNeedNothing) {
  AlgorithmInfo info = sample();
  info.parameters.clear();
  info.example = "";
  EXPECT_THAT(describe_algorithm(info), HasSubstr("It has no parameters."));
  EXPECT_THAT(describe_algorithm(info), HasSubstr("--limit 'sluice key=user'"));
}

TEST(AlgorithmsText, SaysWhatIsAdvertisedWhereNothingElseIsSaid) {
  AlgorithmInfo info = sample();
  info.advertises = "";
  EXPECT_THAT(describe_algorithm(info),
              HasSubstr("advertises      the exact wait and reset, rounded up to whole seconds"));
}

TEST(AlgorithmsText, DoesNotAddAKeyWhereTheExampleHasOne) {
  AlgorithmInfo info = sample();
  info.example = "rate=5/s key=tenant";
  EXPECT_THAT(describe_algorithm(info), HasSubstr("'sluice rate=5/s key=tenant'"));
}

TEST(AlgorithmsText, ListsEveryEntryOnce) {
  const std::string list = list_algorithms();
  for (const AlgorithmInfo& info : limiter::catalogue()) {
    const std::string line = "\n  " + std::string(info.id) + ' ';
    const std::size_t at = list.find(line);
    ASSERT_NE(at, std::string::npos) << info.id;
    EXPECT_EQ(list.find(line, at + 1), std::string::npos) << info.id;
  }
}

TEST(AlgorithmsText, LinesFitAnOrdinaryTerminal) {
  std::string line;
  std::string text = list_algorithms();
  for (const AlgorithmInfo& info : limiter::catalogue()) {
    // The rule and the command are printed as they are written.
    const std::string description = describe_algorithm(info);
    text += description.substr(0, description.find("\nRule\n"));
  }
  for (const char c : text) {
    if (c != '\n') {
      line += c;
      continue;
    }
    EXPECT_LE(line.size(), 80u) << line;
    line.clear();
  }
}

}  // namespace
}  // namespace weir::cli
