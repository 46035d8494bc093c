#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#include <vector>

#include "report/path.hpp"
#include "report/sweep_schema.hpp"
#include "support/paths.hpp"
#include "support/run_weir.hpp"

extern char** environ;

namespace weir::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;

std::string sweep_scenario(const std::string& text) {
  const std::string path = temporary_path("sweep.jsonc");
  std::ofstream(path) << text;
  return path;
}

Words operator+(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Json sweep_of(const std::string& path, const Words& words) {
  const ProgramResult result = run_weir(Words{"sweep", path, "--json", "--quiet"} + words);
  EXPECT_THAT(result.exit_code, testing::AnyOf(0, 4)) << result.err;
  EXPECT_EQ(result.err, "");
  return Json::parse(result.out, nullptr, false);
}

Json largest_or_number(const Json* value) {
  if (value == nullptr || !value->is_array()) return value == nullptr ? Json() : *value;
  Json most;
  for (const Json& point : *value) {
    if (point.is_number() && (most.is_null() || most < point)) most = point;
  }
  return most;
}

/// Every setting's verdict, hash and figures are those of `weir simulate --set`.
void expect_as_simulated(const std::string& path, const Words& words, const Words& also = {}) {
  const Json sweep = sweep_of(path, words + also);
  ASSERT_TRUE(sweep.is_object());
  for (const Json& setting : sweep["settings"]) {
    Words arguments = Words{"simulate", path, "--json", "--quiet"} + also;
    for (std::size_t i = 0; i < sweep["varied"].size(); ++i) {
      arguments.push_back("--set");
      arguments.push_back(sweep["varied"][i]["pointer"].get<std::string>() + "=" +
                          setting["values"][i].get<std::string>());
    }
    const Json report = Json::parse(run_weir(arguments).out, nullptr, false);
    ASSERT_TRUE(report.is_object()) << setting;
    EXPECT_EQ(report["scenario"]["sha256"], setting["sha256"]) << setting;
    EXPECT_EQ(report["verdict"], setting["verdict"]) << setting;
    for (const auto& [field, figure] : setting["figures"].items()) {
      if (field.ends_with("peak_allowed")) continue;
      EXPECT_EQ(largest_or_number(report::find_path(report, field)), figure) << field << setting;
    }
  }
}

const char* const one_policy = R"({"name": "plain", "duration": "20s",
  "policy": {"limits": [{"algorithm": "gcra", "rate": "1/s", "burst": 1, "key": ["user"]}]},
  "traffic": [{"name": "all", "arrivals": {"process": "poisson", "rate": "40/s"},
               "attributes": {"user": {"uniform": {"count": 10}}, "tier": {"weights": {"a": 1, "b": 1}}}}],
  "thresholds": ["totals.denied_ratio < 0.3"]})";

const char* const two_policies = R"({"name": "named", "duration": "20s",
  "policies": {
    "fixed": {"limits": [{"algorithm": "fixed-window", "limit": 5, "window": "1s", "key": ["user"]}]},
    "tried": {"limits": [
      {"name": "each", "algorithm": "token-bucket", "capacity": 3, "rate": "1/s", "key": ["user"]},
      {"name": "all", "algorithm": "sliding-window-log", "limit": 30, "window": "1s", "key": [], "reference": {}}]}},
  "traffic": [{"name": "people", "arrivals": {"process": "gamma", "rate": "40/s", "shape": 0.3},
               "attributes": {"user": {"uniform": {"count": 10}}},
               "on_denied": {"behaviour": "exponential", "base": "100ms", "cap": "1s", "max_attempts": 3}}],
  "thresholds": ["policies.tried.totals.denied_ratio < 0.9", "policies.fixed.totals.denied < 1000000"]})";

TEST(SweepCommand, FiguresAreThoseOfSingleSimulations) {
  expect_as_simulated(sweep_scenario(one_policy),
                      {"--vary", "/policy/limits/0/rate=1/s..5/s:3", "--vary",
                       "/policy/limits/0/burst=1..20:3:log", "--field", "latency.operation.p99_ns",
                       "--field", "retry_after.honest_ratio", "--field", "fairness.jain_index"});
}

TEST(SweepCommand, SoAreThoseOfOneOfSeveralPolicies) {
  const Words varied = {"--vary", "/policies/tried/limits/0/capacity=1..9:3", "--vary",
                        "/policies/tried/limits/1/limit=20,30"};
  const std::string path = sweep_scenario(two_policies);
  expect_as_simulated(path, varied);
  expect_as_simulated(path, varied,
                      {"--policy", "tried", "--set",
                       R"(/thresholds=["policies.tried.totals.denied_ratio < 0.9"])"});
}

TEST(SweepCommand, SoTheyAreWhereAlgorithmKeyTrafficAndSeedVary) {
  expect_as_simulated(
      sweep_scenario(one_policy),
      {"--vary",
       R"(/policy/limits/0={"algorithm":"gcra","rate":"2/s","burst":3,"key":["user"]},)"
       R"({"algorithm":"fixed-window","limit":20,"window":"1s","key":[]},)"
       R"({"algorithm":"token-bucket","capacity":4,"rate":"1/s","key":["tier","user"]})",
       "--vary", "/seed=1,2", "--vary", "/traffic/0/arrivals/rate=40/s,80/s"});
}

TEST(SweepCommand, AreTheSameBytesWithAnyNumberOfThreads) {
  for (const std::string& path : {sweep_scenario(one_policy), sweep_scenario(two_policies)}) {
    const bool is_plain = read_test_file(path) == one_policy;
    // More settings than are run at once.
    const std::string varied =
        is_plain ? "/policy/limits/0/burst=1..70:70" : "/policies/tried/limits/0/capacity=1..40:40";
    const Words words = {"sweep", path, "--json", "--quiet", "--vary", varied, "--threads"};
    const std::string one = run_weir(words + Words{"1"}).out;
    EXPECT_THAT(one, HasSubstr("\"mode\": \"sweep\""));
    EXPECT_EQ(run_weir(words + Words{"2"}).out, one);
    EXPECT_EQ(run_weir(words + Words{"7"}).out, one);
  }
}

TEST(SweepCommand, TrafficIsPlannedOnceUnlessItVaries) {
  const std::string path = sweep_scenario(one_policy);
  EXPECT_EQ(sweep_of(path, {"--vary", "/policy/limits/0/burst=1..9:9"})["traffic_plans"], 1);
  EXPECT_EQ(sweep_of(path, {"--vary", "/policy/limits/0/burst=1..3:3", "--vary",
                            "/seed=1,2"})["traffic_plans"],
            2);
  EXPECT_EQ(
      sweep_of(path, {"--vary", R"(/policy/limits/0/key=["user"],["tier"])"})["traffic_plans"], 2);
}

TEST(SweepCommand, ExitCodeSaysWhetherAnySettingPasses) {
  const std::string path = sweep_scenario(one_policy);
  const Words words = {"sweep", path, "--vary", "/policy/limits/0/rate=1/s,20/s"};
  const ProgramResult some = run_weir(words);
  EXPECT_EQ(some.exit_code, 0) << some.err;
  EXPECT_THAT(some.out, HasSubstr("best: /policy/limits/0/rate=20/s: allows at most "));
  EXPECT_THAT(some.out, HasSubstr("; 1 of 2 settings\npasses\n"));
  const ProgramResult none = run_weir(words + Words{"--set", "/thresholds/0=totals.denied < 0"});
  EXPECT_EQ(none.exit_code, 4);
  EXPECT_THAT(none.out, HasSubstr("none of 2 settings passes: totals.denied < 0 fails in all\n"));
}

TEST(SweepCommand, WhatNoSimulationJudgesDoesNotPass) {
  const std::string path = sweep_scenario(one_policy);
  const Words words = {"sweep", path, "--vary", "/policy/limits/0/rate=1/s,20/s", "--set"};
  const Words of_verify = {R"(/thresholds=["verify.disagree == 0"])"};
  const ProgramResult none = run_weir(words + of_verify);
  EXPECT_EQ(none.exit_code, 4) << none.err;
  EXPECT_THAT(none.out, HasSubstr("plain  INCONCLUSIVE"));
  EXPECT_THAT(
      none.out,
      HasSubstr("not judged: verify.disagree == 0 (verify.disagree is of weir verify only)"));
  EXPECT_THAT(none.out, HasSubstr("best: /policy/limits/0/rate=20/s: "));
  EXPECT_THAT(none.out, testing::Not(HasSubstr("2 of 2")));
  const Json report = Json::parse(run_weir(words + of_verify + Words{"--json", "--quiet"}).out);
  const std::string folder = temporary_path("unjudged-sweep");
  run_weir(words + of_verify + Words{"--quiet", "--out", folder, "--html", folder + ".html"});
  const std::string junit =
      run_weir({"report", "render", folder + "/plain.sweep.json", "--format", "junit"}).out;
  EXPECT_THAT(junit, HasSubstr("tests=\"1\" failures=\"1\""));
  EXPECT_THAT(junit, testing::Not(HasSubstr("some setting passes")));
  const std::string page = read_test_file(folder + ".html");
  EXPECT_THAT(page, HasSubstr("\"not judged\""));
  EXPECT_THAT(page, testing::Not(HasSubstr("\"fails a threshold\"")));
  std::filesystem::remove(folder + ".html");
  std::filesystem::remove_all(folder);
  EXPECT_EQ(report["passed"], 0);
  EXPECT_EQ(report["best"], 2);
  EXPECT_EQ(report["settings"][0]["verdict"], "inconclusive");
  EXPECT_EQ(report["not_judged"][0]["expression"], "verify.disagree == 0");

  const ProgramResult some = run_weir(
      words + Words{R"(/thresholds=["verify.disagree == 0", "totals.denied_ratio < 0.3"])"});
  EXPECT_EQ(some.exit_code, 0) << some.err;
  EXPECT_THAT(some.out, HasSubstr("passes: totals.denied_ratio < 0.3\n"));
  EXPECT_THAT(some.out, HasSubstr("not judged: verify.disagree == 0 ("));
  EXPECT_THAT(some.out, HasSubstr("as far as it was judged"));
}

TEST(SweepCommand, ObjectivesChooseTheBest) {
  const std::string path = sweep_scenario(one_policy);
  const Words words = {"--vary", "/policy/limits/0/burst=1..9:5", "--set", "/thresholds=[]"};
  EXPECT_EQ(sweep_of(path, words + Words{"--objective", "totals.denied:min"})["best"], 5);
  EXPECT_EQ(sweep_of(path, words + Words{"--objective", "totals.denied:max"})["best"], 1);
  const Json by_default = sweep_of(path, words);
  EXPECT_EQ(by_default["objectives"][0]["field"], "totals.denied_ratio");
  EXPECT_EQ(by_default["objectives"][1]["field"], "peak_allowed");
}

/// Of a log of decisions: the most allowed in any window of the same length that begins at a
/// multiple of `step_ns`.
std::int64_t fullest_window(const std::string& log, std::int64_t window_ns, std::int64_t step_ns) {
  std::istringstream lines(log);
  std::string line;
  std::getline(lines, line);
  std::map<std::int64_t, std::int64_t> allowed;
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    std::string time, cell;
    std::getline(cells, time, ',');
    for (int column = 1; column <= 5; ++column) std::getline(cells, cell, ',');
    if (cell == "1") ++allowed[std::stoll(time) / step_ns];
  }
  std::int64_t most = 0;
  for (const auto& [last, count] : allowed) {
    std::int64_t sum = 0;
    for (auto at = allowed.upper_bound(last - window_ns / step_ns); at != allowed.upper_bound(last);
         ++at) {
      sum += at->second;
    }
    most = std::max(most, sum);
  }
  return most;
}

TEST(SweepCommand, PeakIsOfAnyWindow) {
  for (const std::string& more :
       {std::string("/seed=1"), std::string("/traffic/0/arrivals/rate=90/s")}) {
    const std::string path = sweep_scenario(one_policy);
    const Words words = {
        "--set", "/traffic/0/arrivals={\"process\":\"gamma\",\"rate\":\"40/s\",\"shape\":0.2}",
        "--set", more};
    const Json sweep = sweep_of(path, words + Words{"--vary", "/policy/limits/0/burst=1,5,20"});
    const auto window = sweep["series_interval_ns"].get<std::int64_t>();
    EXPECT_EQ(sweep["series_parts"], 100);
    bool differs = false;
    for (const Json& setting : sweep["settings"]) {
      const std::string log = temporary_path("decisions.csv");
      const ProgramResult run =
          run_weir(Words{"simulate", path, "--json", "--quiet", "--decisions", log, "--set",
                         "/policy/limits/0/burst=" + setting["values"][0].get<std::string>()} +
                   words);
      const Json peak = setting["figures"]["peak_allowed"];
      EXPECT_EQ(peak, fullest_window(read_test_file(log), window, window / 100)) << setting;
      const Json bar = largest_or_number(
          report::find_path(Json::parse(run.out, nullptr, false), "series.allowed"));
      EXPECT_GE(peak, bar);
      differs = differs || peak != bar;
      std::filesystem::remove(log);
    }
    EXPECT_TRUE(differs) << "the traffic tells windows from bars";
  }
}

TEST(SweepCommand, SettingsThatReachTheSameAreOnePointOfTheFront) {
  const std::string path = sweep_scenario(one_policy);
  // Nothing is denied from some burst on.
  const Json sweep = sweep_of(path, {"--vary", "/policy/limits/0/burst=200..205:6"});
  EXPECT_EQ(sweep["front"], Json({1}));
  EXPECT_EQ(sweep["best"], 1);
  EXPECT_EQ(sweep["settings"][0]["ties"], 5);
  EXPECT_FALSE(sweep["settings"][1].contains("ties"));
  const ProgramResult shown =
      run_weir({"sweep", path, "--vary", "/policy/limits/0/burst=200..205:6"});
  EXPECT_THAT(shown.out, HasSubstr("best +5"));
}

TEST(SweepCommand, WhatWasAskedForIsShownHoweverNarrowTheTable) {
  const std::string path = sweep_scenario(one_policy);
  Words words = {"sweep", path, "--vary", "/policy/limits/0/burst=1"};
  for (const char* field : {"retry_after.honest_ratio", "operations.attempts_per_success",
                            "fairness.jain_index", "totals.attempts", "operations.succeeded"}) {
    words = words + Words{"--field", field};
  }
  const ProgramResult result = run_weir(words);
  for (const char* title : {"retry_after.honest_ratio", "operations.attempts_per_success",
                            "fairness.jain_index", "totals.attempts", "operations.succeeded",
                            "sweep of 1 setting, ", "no room for allowed; --csv"}) {
    EXPECT_THAT(result.out, HasSubstr(title));
  }
  EXPECT_THAT(result.err, HasSubstr("ran 1 setting in "));
}

TEST(SweepCommand, WrongUsageSaysWhatIsWrong) {
  const std::string path = sweep_scenario(one_policy);
  const auto complaint = [&](const Words& words, int code) {
    const ProgramResult result = run_weir(Words{"sweep", path} + words);
    EXPECT_EQ(result.exit_code, code) << result.err;
    EXPECT_EQ(result.out, "");
    return result.err;
  };
  EXPECT_EQ(run_weir({"sweep", path}).exit_code, 2);
  EXPECT_EQ(run_weir({"sweep", "--vary", "/seed=1,2"}).exit_code, 2);
  EXPECT_THAT(complaint({"--vary", "/seed"}, 2), HasSubstr("must be a JSON pointer"));
  EXPECT_THAT(complaint({"--vary", "seed=1,2"}, 2), HasSubstr("must be a JSON pointer"));
  EXPECT_THAT(complaint({"--vary", "/seed=1..2"}, 2), HasSubstr("FROM..TO:STEPS"));
  EXPECT_THAT(
      complaint({"--vary", "/policy/limits/0=1,2", "--vary", "/policy/limits/0/burst=1"}, 2),
      HasSubstr("varied already"));
  EXPECT_THAT(
      complaint({"--vary", "/seed=1..200:200", "--vary", "/policy/limits/0/burst=1..99:99"}, 2),
      HasSubstr("200 x 99 settings, more than 10,000"));
  EXPECT_THAT(complaint({"--vary", "/seed=1..9:9", "--max-settings", "8"}, 2),
              HasSubstr("--max-settings"));
  EXPECT_THAT(complaint({"--vary", "/seed=1,2", "--objective", "totals.denied"}, 2),
              HasSubstr("totals.denied_ratio:min"));
  EXPECT_EQ(complaint({"--vary", "/seed=1,2", "--objective", "totals.deneid:min"}, 2),
            "weir: --objective totals.deneid:min: the report has no field totals.deneid; did you "
            "mean totals.denied?\n");
  EXPECT_THAT(complaint({"--vary", "/seed=1,2", "--objective", "totals.denied:min", "--objective",
                         "totals.denied:max"},
                        2),
              HasSubstr("--objective totals.denied:max: this field is an objective already"));
  EXPECT_THAT(complaint({"--vary", "/policy/limits/0/rate=0.5/s..2/s:4"}, 2),
              HasSubstr("for half of one: 1/2s"));
  EXPECT_THAT(complaint({"--vary", "/seed=1,2", "--field", "series"}, 2), HasSubstr("group"));
}

TEST(SweepCommand, AnInvalidSettingIsNamed) {
  const std::string path = sweep_scenario(one_policy);
  const ProgramResult value =
      run_weir({"sweep", path, "--vary", "/policy/limits/0/burst=2,1,0", "--vary", "/seed=1,2"});
  EXPECT_EQ(value.exit_code, 3);
  EXPECT_THAT(value.err, HasSubstr("setting 5 of 6 (/policy/limits/0/burst=0 /seed=1)"));
  EXPECT_THAT(value.err, HasSubstr("/policy/limits/0/burst: "));
  const ProgramResult field = run_weir({"sweep", path, "--vary", "/policy/limits/0/brust=2,1"});
  EXPECT_EQ(field.exit_code, 3);
  EXPECT_THAT(field.err, HasSubstr("burst"));
  const ProgramResult place = run_weir({"sweep", path, "--vary", "/policy/limits/4/burst=2,1"});
  EXPECT_EQ(place.exit_code, 3);
  EXPECT_THAT(place.err, HasSubstr("out of range"));
}

TEST(SweepCommand, OneOfSeveralPoliciesMustBeMeant) {
  const std::string path = sweep_scenario(two_policies);
  EXPECT_THAT(run_weir({"sweep", path, "--vary", "/seed=1,2"}).err, HasSubstr("--policy"));
  const ProgramResult other = run_weir(
      {"sweep", path, "--policy", "fixed", "--vary", "/policies/tried/limits/0/capacity=1,2"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("only policy \"fixed\" is run"));
}

TEST(SweepCommand, ATaskOfAnArrayIsToldThatItDoesAll) {
  const std::string path = sweep_scenario(one_policy);
  setenv("SLURM_ARRAY_TASK_ID", "1", 1);
  const ProgramResult result = run_weir({"sweep", path, "--vary", "/seed=1"});
  unsetenv("SLURM_ARRAY_TASK_ID");
  EXPECT_THAT(result.err, HasSubstr("weir: a sweep is not cut into shards, so that every task does "
                                    "all of it (SLURM_ARRAY_TASK_ID is set)\n"));
}

/// Starts weir, interrupts it after a while, and gives its exit code.
int interrupted_after(useconds_t microseconds, Words words) {
  words.insert(words.begin(), WEIR_BINARY);
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawn(&child, WEIR_BINARY, nullptr, nullptr, argv.data(), environ) != 0) return -1;
  usleep(microseconds);
  kill(child, SIGINT);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(SweepCommand, AnInterruptedSweepTellsOfTheSettingsThatWereDone) {
  const std::string folder = temporary_path("interrupted-sweep");
  const std::string path = sweep_scenario(one_policy);
  const std::string page = folder + ".html";
  EXPECT_EQ(interrupted_after(2'500'000,
                              {"sweep", path, "--quiet", "--out", folder, "--html", page, "--vary",
                               "/seed=1..3000:3000", "--set", "/traffic/0/arrivals/rate=10000/s"}),
            130);
  const Json sweep = Json::parse(read_test_file(folder + "/plain.sweep.json"), nullptr, false);
  ASSERT_TRUE(sweep.is_object());
  EXPECT_EQ(sweep["verdict"], "inconclusive");
  EXPECT_EQ(sweep["interrupted"], true);
  EXPECT_GT(sweep["settings"].size(), 0u);
  EXPECT_LT(sweep["settings"].size(), 3000u);
  EXPECT_THAT(read_test_file(page), HasSubstr("interrupted after "));
  std::filesystem::remove(page);
  std::filesystem::remove_all(folder);
}

TEST(SweepCommand, CanBeInterruptedWhileItReadsItsSettings) {
  const std::string folder = temporary_path("unprepared-sweep");
  const std::string path = sweep_scenario(one_policy);
  // To read a million settings takes minutes.
  EXPECT_EQ(interrupted_after(
                1'000'000,
                {"sweep", path, "--quiet", "--out", folder, "--vary", "/seed=1..1000:1000",
                 "--vary", "/policy/limits/0/burst=1..1000:1000", "--max-settings", "1000000"}),
            130);
  const Json sweep = Json::parse(read_test_file(folder + "/plain.sweep.json"), nullptr, false);
  ASSERT_TRUE(sweep.is_object());
  EXPECT_EQ(sweep["interrupted"], true);
  EXPECT_EQ(sweep["settings"], Json::array());
  std::filesystem::remove_all(folder);
}

// ---- Formats, of README's example

const Words readme_words = {"sweep",  "scenarios/choose-a-bucket.jsonc",
                            "--vary", "/policy/limits/0/capacity=4..32:4:log",
                            "--vary", "/policy/limits/0/rate=1/s..4/s:4"};

std::string golden_file(const std::string& name) {
  return read_test_file((std::filesystem::path(WEIR_SOURCE_DIR) / "tests/golden" / name).string());
}

TEST(SweepFormats, Terminal) {
  const ProgramResult result = run_weir(readme_words);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, golden_file("sweep.txt"))
      << "run tests/golden/update.sh, read what changed";
  EXPECT_THAT(result.err, HasSubstr("ran 16 settings in "));
}

TEST(SweepFormats, ReadmeShowsWhatTheProgramPrints) {
  const std::string text =
      read_test_file((std::filesystem::path(WEIR_SOURCE_DIR) / "README.md").string());
  EXPECT_THAT(text, HasSubstr(golden_file("sweep.txt")));
  EXPECT_THAT(text, HasSubstr("$ weir sweep scenarios/choose-a-bucket.jsonc"));
}

TEST(SweepFormats, JsonCsvAndFolder) {
  const std::string folder = temporary_path("sweep-out");
  const std::string csv = temporary_path("sweep.csv");
  const ProgramResult result =
      run_weir(readme_words + Words{"--quiet", "--json", "--out", folder, "--csv", csv});
  EXPECT_EQ(result.out, golden_file("sweep.json"));
  EXPECT_EQ(read_test_file(folder + "/choose-a-bucket.sweep.json"), result.out);
  EXPECT_EQ(read_test_file(csv), golden_file("sweep.csv"));
  std::filesystem::remove_all(folder);
  std::filesystem::remove(csv);
}

TEST(SweepFormats, LieBesideTheReportOfASimulation) {
  const std::string folder = temporary_path("sweep-beside");
  const std::string path = sweep_scenario(one_policy);
  run_weir({"simulate", path, "--quiet", "--out", folder});
  const std::string simulated = read_test_file(folder + "/plain.json");
  run_weir({"sweep", path, "--quiet", "--out", folder, "--vary", "/policy/limits/0/burst=1,2"});
  EXPECT_EQ(read_test_file(folder + "/plain.json"), simulated);
  EXPECT_THAT(read_test_file(folder + "/plain.sweep.json"), HasSubstr("\"mode\": \"sweep\""));
  std::filesystem::remove_all(folder);
}

TEST(SweepFormats, ReportsAreRenderedAgainAndNotCompared) {
  const std::string golden =
      (std::filesystem::path(WEIR_SOURCE_DIR) / "tests/golden/sweep.json").string();
  const auto render = [&](const Words& words) {
    const ProgramResult result = run_weir(Words{"report", "render", golden} + words);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  };
  EXPECT_EQ(render({}), golden_file("sweep.txt"));
  EXPECT_EQ(render({"--format", "csv"}), golden_file("sweep.csv"));
  EXPECT_THAT(render({"--format", "html"}), HasSubstr("choose-a-bucket: sweep"));
  EXPECT_THAT(render({"--format", "junit"}), HasSubstr("name=\"some setting passes\"/>"));
  EXPECT_THAT(render({"--format", "markdown"}), HasSubstr("| 32 | 1/s |"));

  const std::string quickstart =
      (std::filesystem::path(WEIR_SOURCE_DIR) / "reports/quickstart.json").string();
  EXPECT_EQ(run_weir({"report", "render", golden, quickstart, "--format", "csv"}).exit_code, 2);
  const ProgramResult named = run_weir({"report", "compare", golden, golden});
  EXPECT_EQ(named.exit_code, 2);
  EXPECT_THAT(named.err, HasSubstr("sweep.json: is of a sweep"));
  // What lies in a folder beside reports is left out, and said.
  const std::string folder = temporary_path("mixed");
  std::filesystem::create_directory(folder);
  std::filesystem::copy(golden, folder + "/sweep.json");
  std::filesystem::copy(quickstart, folder + "/quickstart.json");
  std::ofstream(folder + "/found.json") << R"({"policy": {}})";
  const ProgramResult mixed = run_weir({"report", "compare", folder, folder});
  EXPECT_EQ(mixed.exit_code, 0) << mixed.err;
  EXPECT_THAT(mixed.err, HasSubstr("sweep.json: is of a sweep, whose settings are many runs: "
                                   "compare runs of two: left out"));
  EXPECT_THAT(mixed.err, HasSubstr("found.json: is no report: left out"));
  EXPECT_EQ(run_weir({"report", "merge", golden}).exit_code, 1);
  std::filesystem::remove_all(folder);
}

TEST(SweepFormats, TheReportIsAsItsSchemaSays) {
  const nlohmann::json schema_json = report::sweep_schema();
  using Adapter = valijson::adapters::NlohmannJsonAdapter;
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(Adapter(schema_json), schema);
  const std::string path = sweep_scenario(two_policies);
  std::vector<nlohmann::json> reports = {nlohmann::json::parse(golden_file("sweep.json"))};
  reports.push_back(sweep_of(path, {"--vary", "/policies/tried/limits/0/capacity=1..9:3"}));
  reports.push_back(sweep_of(path, {"--vary", "/policies/tried/limits/0/capacity=1..9:3", "--set",
                                    "/thresholds/0=policies.tried.totals.denied < 0"}));
  reports.push_back(sweep_of(path, {"--vary", "/policies/tried/limits/0/capacity=1..9:3", "--set",
                                    R"(/thresholds=["verify.disagree == 0"])"}));
  for (nlohmann::json& sweep : reports) {
    valijson::ValidationResults results;
    EXPECT_TRUE(valijson::Validator().validate(schema, Adapter(sweep), &results));
    sweep["passed"] = "many";
    EXPECT_FALSE(valijson::Validator().validate(schema, Adapter(sweep), nullptr));
  }
}

TEST(SweepFormats, PageHasEverySettingAndIsSafe) {
  const std::string page = temporary_path("sweep.html");
  const std::string path = sweep_scenario(one_policy);
  EXPECT_EQ(run_weir({"sweep", path, "--quiet", "--html", page, "--vary",
                      "/policy/limits/0/burst=1..40:5", "--set",
                      R"(/traffic/0/name=<script>alert(1)</script>)", "--set", "/thresholds=[]",
                      "--field", "classes.<script>alert(1)</script>.denied_ratio"})
                .exit_code,
            0);
  const std::string html = read_test_file(page);
  EXPECT_THAT(html, HasSubstr("<canvas"));
  EXPECT_THAT(html, HasSubstr("best: /policy/limits/0/burst="));
  EXPECT_THAT(html, HasSubstr("peak/500ms"));
  EXPECT_THAT(html, testing::Not(HasSubstr("<script>alert")));
  std::filesystem::remove(page);
}

}  // namespace
}  // namespace weir::test
