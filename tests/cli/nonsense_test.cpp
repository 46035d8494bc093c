// What every command makes of what cannot be meant: the exit code, and a message that names it.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/run_weir.hpp"

namespace weir::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using Words = std::vector<std::string>;

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string text_of(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += word + ' ';
  return text;
}

/// Every command that has none below it, as --help lists them.
std::vector<Words> all_commands(const Words& above = {}) {
  std::vector<Words> found;
  std::istringstream help(run_weir(with(above, {"--help"})).out);
  bool in_list = false;
  for (std::string line; std::getline(help, line);) {
    if (line == "Commands:") {
      in_list = true;
    } else if (line.empty()) {
      in_list = false;
    } else if (in_list && line.size() > 2 && line[2] != ' ') {
      const auto below = all_commands(with(above, {line.substr(2, line.find(' ', 2) - 2)}));
      found.insert(found.end(), below.begin(), below.end());
    }
  }
  if (found.empty()) found.push_back(above);
  return found;
}

std::string written(const std::string& text) {
  const std::string path = temporary_path("nonsense.jsonc");
  std::ofstream(path) << text;
  return path;
}

const char* const negative = R"({"name": "n", "duration": "-5s", "policy": {"limits": []},
  "traffic": [{"arrivals": {"process": "poisson", "rate": "5/s"}}]})";

/// The commands that read a scenario; those that send have a target that nobody answers.
const std::vector<Words> scenario_commands = {{"simulate"},
                                              {"load", "--target", "http://127.0.0.1:9"},
                                              {"verify", "--target", "http://127.0.0.1:9"},
                                              {"serve"},
                                              {"validate"}};

TEST(Nonsense, AnUnknownOptionIsWrongUsageForEveryCommand) {
  const std::vector<Words> commands = all_commands();
  EXPECT_GT(commands.size(), 6u);
  for (const Words& command : commands) {
    const ProgramResult result = run_weir(with(command, {"--no-such-option"}));
    EXPECT_EQ(result.exit_code, 2) << text_of(command);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err,
                StartsWith("weir: " + text_of(command).substr(0, text_of(command).size() - 1) +
                           ": unknown option --no-such-option"));
    EXPECT_THAT(result.err, HasSubstr(text_of(command) + "--help"));
  }
}

TEST(Nonsense, EveryCommandHasHelpThatFitsATerminal) {
  for (const Words& command : all_commands()) {
    const ProgramResult result = run_weir(with(command, {"--help"}));
    EXPECT_EQ(result.exit_code, 0) << text_of(command);
    EXPECT_THAT(result.out, HasSubstr("Usage: weir " + text_of(command)));
    const std::string options = result.out.substr(0, result.out.find("\nExamples:"));
    std::istringstream lines(options);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
  }
}

TEST(Nonsense, AnUnknownCommandIsNamedWithTheNearest) {
  EXPECT_EQ(run_weir({"simulte"}).exit_code, 2);
  EXPECT_THAT(run_weir({"simulte"}).err,
              HasSubstr("unknown command simulte; did you mean simulate?"));
  EXPECT_THAT(run_weir({"report", "rendr"}).err, HasSubstr("report: unknown command rendr"));
  EXPECT_THAT(run_weir({}).err, HasSubstr("a command is missing"));
  EXPECT_THAT(run_weir({"simulate", "--ste"}).err, HasSubstr("did you mean --set?"));
  EXPECT_THAT(run_weir({"schema", "scenario", "too"}).err, HasSubstr("unexpected argument too"));
}

TEST(Nonsense, AFileThatIsNoScenarioIsInvalid) {
  for (const Words& command : scenario_commands) {
    for (const char* text : {"", "[]", "\x80\xff", R"({"name": 5, "traffic": "x"})", negative}) {
      const ProgramResult result = run_weir(with(command, {written(text)}));
      EXPECT_EQ(result.exit_code, 3) << text_of(command) << text;
      EXPECT_THAT(result.err, HasSubstr("problem"));
      EXPECT_EQ(result.out, "");
    }
  }
}

TEST(Nonsense, AFileThatCannotBeReadIsNotRun) {
  std::vector<Words> readers = scenario_commands;
  readers.push_back({"report", "render"});
  for (const Words& command : readers) {
    for (const char* path : {"/no/such/file.jsonc", "/tmp"}) {
      const ProgramResult result = run_weir(with(command, {path}));
      EXPECT_EQ(result.exit_code, 1) << text_of(command) << path;
      EXPECT_THAT(result.err, HasSubstr(path));
    }
  }
}

TEST(Nonsense, OptionsThatStandForAScenarioAreWrongUsage) {
  const Words simulate = {"simulate", "--limit", "gcra rate=1/s burst=1 key=user"};
  const std::vector<std::pair<Words, const char*>> cases = {
      {with(simulate, {"--duration", "-5s"}), "--duration: not a duration"},
      {with(simulate, {"--rate", "0/s"}), "--rate: must be above 0"},
      {with(simulate, {"--policy", "none"}), "there is no policy"},
      {{"simulate", "--limit", "deny-all", "--trace", "README.md", "--format", "cvs"},
       "--format: "},
      {{"simulate", "--limit", "gcra rate=1/s burst=-1"}, "burst"},
      {{"load", "http://127.0.0.1:9/", "--duration", "-5s"}, "--duration: not a duration"},
      {{"load", "http://127.0.0.1:9/", "--timeout", "-5s"}, "--timeout: not a duration"},
      {{"load", "http://127.0.0.1:9/", "-n", "-5"}, "-n -5"},
      {{"serve", "--grace", "-1s"}, "--grace -1s"},
      {{"serve", "--listen", "nonsense"}, "--listen"},
      {{"serve", "--on-full", "explode"}, "--on-full explode"}};
  for (const auto& [words, named] : cases) {
    const ProgramResult result = run_weir(words);
    EXPECT_EQ(result.exit_code, 2) << text_of(words);
    EXPECT_THAT(result.err, HasSubstr(named)) << text_of(words);
  }
}

TEST(Nonsense, ARatioThatIsNoneIsWrongUsage) {
  const std::vector<std::pair<Words, std::string>> options = {
      {{"verify", "scenarios/verify-nginx.jsonc"}, "--min-agreement"},
      {{"report", "compare", "a.json", "b.json"}, "--tolerance"},
      {{"report", "compare", "a.json", "b.json"}, "--significance"}};
  for (const auto& [words, option] : options) {
    for (const char* ratio :
         {"nan", "-nan", "inf", "-inf", "-0.1", "11", "1e400", "", "half", "1x"}) {
      std::string assigned = option;
      assigned.append("=").append(ratio);
      const ProgramResult result = run_weir(with(words, {assigned}));
      EXPECT_EQ(result.exit_code, 2) << text_of(words) << assigned;
      EXPECT_THAT(result.err, HasSubstr(option)) << assigned;
    }
  }
  const ProgramResult result = run_weir({"verify", "x.jsonc", "--min-agreement", "nan"});
  EXPECT_THAT(result.err, HasSubstr("--min-agreement: expected a number from 0 to 1, got \"nan\""));
}

TEST(Nonsense, ATargetThatDoesNotAnswerIsUnreachable) {
  for (const Words& words : std::vector<Words>{
           {"load", "http://127.0.0.1:9/", "--duration", "1s"},
           {"load", "scenarios/prove-nginx.jsonc", "--target", "http://127.0.0.1:9"},
           {"verify", "scenarios/prove-nginx.jsonc", "--target", "http://127.0.0.1:9"},
           {"load", "http://no-such-host.invalid/", "--duration", "1s"}}) {
    const ProgramResult result = run_weir(words);
    EXPECT_EQ(result.exit_code, 5) << text_of(words) << result.err;
  }
}

}  // namespace
}  // namespace weir::test
