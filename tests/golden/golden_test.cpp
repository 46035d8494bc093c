// The scenarios' reports, byte for byte. After a change that is meant to change numbers, run
// tests/golden/update.sh and read the difference before committing it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/paths.hpp"
#include "support/run_weir.hpp"

namespace weir::test {
namespace {

namespace fs = std::filesystem;

const fs::path source_dir = WEIR_SOURCE_DIR;

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(source_dir / "scenarios")) {
    if (entry.path().extension() == ".jsonc") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool needs_recorded_traffic(const std::string& name) {
  const std::string text = read_test_file((source_dir / "scenarios" / (name + ".jsonc")).string());
  return text.find("shared/data") != std::string::npos;
}

class GoldenReport : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (needs_recorded_traffic(GetParam()) && !fs::exists(WEIR_SHARED_DATA)) {
      GTEST_SKIP() << "the recorded traffic that this scenario replays is not here";
    }
  }

  static std::string report(const std::string& threads) {
    const ProgramResult result =
        run_weir({"simulate", "scenarios/" + GetParam() + ".jsonc", "--json", "--quiet",
                  "--pseudonyms", "--threads", threads});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return result.out;
  }
};

/// Which figures of a report are not those of the golden one.
std::string what_changed(const std::string& name, const std::string& report) {
  const std::string path = temporary_path("now.json");
  std::ofstream(path) << report;
  const ProgramResult compared = run_weir({"report", "compare", "reports/" + name + ".json", path});
  fs::remove(path);
  return compared.out + compared.err;
}

TEST_P(GoldenReport, IsTheSameWithAnyNumberOfThreads) {
  const std::string golden =
      read_test_file((source_dir / "reports" / (GetParam() + ".json")).string());
  const std::string now = report("1");
  EXPECT_TRUE(now == golden) << what_changed(GetParam(), now)
                             << "run tests/golden/update.sh and read it";
  EXPECT_EQ(report("2"), golden);
}

/// Whether somebody shares what cannot be cut: one bucket for all.
bool has_a_bucket_for_all(const std::string& name) {
  constexpr const char* names[] = {"bucket-100-every-15s",
                                   "gpu-pool-overload",
                                   "naive-polite-abusive",
                                   "one-abuser-in-a-thousand",
                                   "queue-5-every-5s",
                                   "retry-herd-with-jitter",
                                   "retry-herd"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

TEST_P(GoldenReport, IsMergedFromThreeShards) {
  const std::string folder = temporary_path("shards");
  std::vector<std::string> merge = {"report", "merge", "--json", "--quiet", "--pseudonyms"};
  for (const std::string shard : {"3", "1", "2"}) {
    const ProgramResult run =
        run_weir({"simulate", "scenarios/" + GetParam() + ".jsonc", "--quiet", "--threads", "1",
                  "--shard", shard + "/3", "--out", folder});
    if (has_a_bucket_for_all(GetParam())) {
      EXPECT_EQ(run.exit_code, 3) << run.err;
      EXPECT_NE(run.err.find("has one bucket for all"), std::string::npos) << run.err;
      fs::remove_all(folder);
      return;
    }
    ASSERT_EQ(run.exit_code, 0) << run.err;
    merge.push_back(folder + "/" + GetParam() + ".shard-" + shard + "-of-3.json");
  }
  const ProgramResult merged = run_weir(merge);
  EXPECT_EQ(merged.exit_code, 0) << merged.err;
  const std::string golden =
      read_test_file((source_dir / "reports" / (GetParam() + ".json")).string());
  EXPECT_TRUE(merged.out == golden) << what_changed(GetParam(), merged.out);
  fs::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Scenarios, GoldenReport, testing::ValuesIn(scenario_names()),
                         [](const auto& param) {
                           std::string name = param.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Golden, EveryReportHasItsScenario) {
  for (const auto& entry : fs::directory_iterator(source_dir / "reports")) {
    const fs::path scenario = entry.path().stem().string() + ".jsonc";
    EXPECT_TRUE(fs::exists(source_dir / "scenarios" / scenario)) << entry.path();
  }
}

TEST(Golden, TerminalSummaryOfOnePolicy) {
  EXPECT_EQ(run_weir({"simulate", "scenarios/quickstart.jsonc"}).out,
            read_test_file((source_dir / "tests/golden/quickstart.txt").string()));
}

TEST(Golden, TerminalSummaryOfSeveralPolicies) {
  EXPECT_EQ(run_weir({"simulate", "scenarios/fixed-window-double-burst.jsonc"}).out,
            read_test_file((source_dir / "tests/golden/fixed-window-double-burst.txt").string()));
}

/// But for the style sheet and the scripts that every HTML page has.
std::string without_assets(std::string text) {
  for (const auto& [begin, end] :
       {std::pair("<style>", "</style>"), std::pair("<script>", "</script>")}) {
    const std::size_t length = std::string(begin).size();
    for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos; ++at) {
      text.erase(at + length, text.find(end, at) - at - length);
    }
  }
  return text;
}

TEST(Golden, OtherFormats) {
  for (const std::string format : {"junit", "markdown", "csv", "html"}) {
    const ProgramResult result =
        run_weir({"report", "render", "reports/quickstart.json", "--format", format});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(without_assets(result.out),
              read_test_file((source_dir / "tests/golden" / ("quickstart." + format)).string()));
  }
}

TEST(Golden, DecisionLog) {
  const std::string log = temporary_path("decisions.csv");
  run_weir({"simulate", "scenarios/fixed-window-double-burst.jsonc", "--policy", "gcra",
            "--decisions", log, "--quiet", "--set", "/thresholds=[]"});
  EXPECT_EQ(read_test_file(log),
            read_test_file((source_dir / "tests/golden/decisions.csv").string()));
  fs::remove(log);
}

}  // namespace
}  // namespace weir::test
