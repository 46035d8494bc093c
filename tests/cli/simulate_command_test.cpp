#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "support/paths.hpp"
#include "support/run_weir.hpp"

extern char** environ;

namespace weir::test {
namespace {

std::string scenario_file(const std::string& text) {
  const std::string path = temporary_path("scenario.jsonc");
  std::ofstream(path) << text;
  return path;
}

const char* const small = R"({"name": "small", "duration": "10s",
  "policy": {"limits": [{"algorithm": "gcra", "rate": "1/s", "burst": 1, "key": ["user"]}]},
  "traffic": [{"arrivals": {"process": "constant", "rate": "4/s"}, "attributes": {"user": "u"}}],
  "thresholds": ["totals.denied_ratio < 0.5"]})";

TEST(SimulateCommand, FailedThresholdIsExitCode4) {
  const std::string path = scenario_file(small);
  EXPECT_EQ(run_weir({"simulate", path}).exit_code, 4);
  EXPECT_EQ(run_weir({"simulate", path, "--set", "/policy/limits/0/rate=4/s"}).exit_code, 0);
}

TEST(SimulateCommand, JsonIsAllThatIsOnStandardOutput) {
  const ProgramResult result = run_weir({"simulate", scenario_file(small), "--json"});
  const auto report = nlohmann::json::parse(result.out, nullptr, false);
  ASSERT_FALSE(report.is_discarded());
  EXPECT_EQ(report["totals"]["attempts"], 40);
  EXPECT_EQ(report["totals"]["allowed"], 10);
  EXPECT_EQ(report["verdict"], "fail");
}

TEST(SimulateCommand, WrongUsageIsExitCode2) {
  EXPECT_EQ(run_weir({}).exit_code, 2);
  EXPECT_EQ(run_weir({"simulate"}).exit_code, 2);
  EXPECT_EQ(run_weir({"simulate", "--frob"}).exit_code, 2);
  EXPECT_EQ(run_weir({"simulate", scenario_file(small), "--set", "rate"}).exit_code, 2);
  EXPECT_EQ(run_weir({"simulate", "--limit", "gcra rate"}).exit_code, 2);
  EXPECT_EQ(run_weir({"simulate", scenario_file(small), "--limit", "deny-all"}).exit_code, 2);
  EXPECT_EQ(run_weir({"algorithms", "gcar"}).exit_code, 2);
  EXPECT_NE(run_weir({"algorithms", "gcar"}).err.find("did you mean gcra?"), std::string::npos);
}

TEST(SimulateCommand, OptionsThatWouldBeIgnoredAreWrongUsage) {
  EXPECT_EQ(run_weir({"simulate", scenario_file(small), "--duration", "5m"}).exit_code, 2);
  EXPECT_EQ(run_weir({"simulate", "--limit", "deny-all", "--speed", "3"}).exit_code, 2);
  EXPECT_EQ(run_weir({"simulate", scenario_file(small), "--seed", "-1"}).exit_code, 2);
}

TEST(SimulateCommand, TwoScenariosOfOneNameDoNotOverwriteEachOther) {
  const std::string folder = temporary_path("twice");
  const std::string path = scenario_file(small);
  EXPECT_EQ(run_weir({"simulate", path, path, "--out", folder, "--quiet"}).exit_code, 2);
  std::filesystem::remove_all(folder);
}

TEST(SimulateCommand, HelpAndVersionAreExitCode0) {
  EXPECT_EQ(run_weir({"--help"}).exit_code, 0);
  EXPECT_EQ(run_weir({"simulate", "--help"}).exit_code, 0);
  EXPECT_NE(run_weir({"--version"}).out.find("weir "), std::string::npos);
}

TEST(SimulateCommand, InvalidScenarioIsExitCode3AndNamesEveryProblem) {
  const ProgramResult result =
      run_weir({"simulate", scenario_file(R"({"name": "x", "duratoin": "1s",
    "policy": {"limits": [{"algorithm": "gcra", "rate": "1/s", "burst": 0, "key": ["user"]}]},
    "traffic": [{"arrivals": {"process": "poisson", "rate": "0/0s"}}]})")});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_NE(result.err.find("duratoin"), std::string::npos);
  EXPECT_NE(result.err.find("/policy/limits/0/burst"), std::string::npos);
  EXPECT_NE(result.err.find("/traffic/0/arrivals/rate"), std::string::npos);
}

TEST(SimulateCommand, AThresholdThatNamesNothingIsFoundBeforeTheRun) {
  const ProgramResult result =
      run_weir({"simulate", scenario_file(small), "--set", "/thresholds=[\"totals.deneid < 1\"]"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_NE(result.err.find("/thresholds/0"), std::string::npos);
  EXPECT_NE(result.err.find("totals.denied"), std::string::npos);
}

TEST(SimulateCommand, AMissingFileIsExitCode1) {
  const ProgramResult result = run_weir({"simulate", "no-such-file.jsonc"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("no-such-file.jsonc"), std::string::npos);
}

TEST(SimulateCommand, WritesOneReportAScenario) {
  const std::string folder = temporary_path("reports");
  const ProgramResult result = run_weir(
      {"simulate", scenario_file(small), "--out", folder, "--quiet", "--set", "/thresholds=[]"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_NE(read_test_file(folder + "/small.json").find("\"attempts\": 40"), std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(SimulateCommand, ARunThatCannotWriteSaysSo) {
  const ProgramResult result =
      run_weir({"simulate", scenario_file(small), "--out", "/proc/nowhere", "--quiet"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("/proc/nowhere"), std::string::npos);
}

TEST(SimulateCommand, EveryExampleOfTheCatalogueRuns) {
  const std::string list = run_weir({"algorithms"}).out;
  int ran = 0;
  std::istringstream lines(list);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string id;
    if (!(words >> id)) continue;
    const ProgramResult described = run_weir({"algorithms", id});
    if (described.exit_code != 0) continue;  // a heading of the list
    const std::string marker = "weir simulate --limit '";
    const std::size_t begin = described.out.find(marker);
    ASSERT_NE(begin, std::string::npos) << id;
    const std::size_t end = described.out.find('\'', begin + marker.size());
    const std::string words_of_limit =
        described.out.substr(begin + marker.size(), end - begin - marker.size());
    EXPECT_EQ(run_weir({"simulate", "--limit", words_of_limit, "--duration", "2s"}).exit_code, 0)
        << words_of_limit;
    ++ran;
  }
  EXPECT_GE(ran, 19);
}

TEST(SimulateCommand, AnInterruptedRunWritesItsReport) {
  const std::string folder = temporary_path("interrupted");
  const std::string path = scenario_file(R"({"name": "long", "duration": "100000s",
    "policy": {"limits": [{"algorithm": "gcra", "rate": "1/s", "burst": 1, "key": []}]},
    "traffic": [{"arrivals": {"process": "poisson", "rate": "1000000/s"}}]})");
  std::vector<std::string> words = {WEIR_BINARY, "simulate", path, "--quiet", "--out", folder};
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  ASSERT_EQ(posix_spawn(&child, WEIR_BINARY, nullptr, nullptr, argv.data(), environ), 0);
  usleep(700'000);
  kill(child, SIGINT);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  const auto report = nlohmann::json::parse(read_test_file(folder + "/long.json"), nullptr, false);
  ASSERT_FALSE(report.is_discarded());
  EXPECT_EQ(report["verdict"], "inconclusive");
  EXPECT_GT(report["totals"]["attempts"], 0);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace weir::test
