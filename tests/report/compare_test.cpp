#include "report/compare.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include "core/random.hpp"
#include "report/json.hpp"
#include "report/rank_test.hpp"
#include "report/reading.hpp"
#include "support/paths.hpp"
#include "support/run_weir.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;

Json bundled(const std::string& name) {
  const auto report = read_report(
      test::read_test_file(std::string(WEIR_SOURCE_DIR) + "/reports/" + name + ".json"), name);
  return report ? *report : Json();
}

const Json& row_of(const Json& comparison, const std::string& figure) {
  static const Json none;
  for (const Json& row : comparison["scenarios"][0]["figures"]) {
    if (row["figure"] == figure) return row;
  }
  return none;
}

/// A figure made larger by a share of itself.
Json worsened(Json report, const std::string& section, const std::string& inner,
              const std::string& field, double by) {
  Json& figure = report[section][inner][field];
  figure = static_cast<std::int64_t>(figure.get<double>() * (1.0 + by));
  return report;
}

// ---- Simulations

TEST(Compare, LikeSimulationsAreTheSame) {
  const Json report = bundled("retry-herd");
  const Json comparison = compare_reports({report}, {report}, {});
  EXPECT_EQ(comparison["verdict"], "pass");
  for (const Json& row : comparison["scenarios"][0]["figures"]) EXPECT_EQ(row["result"], "same");
}

TEST(Compare, InjectedRegressionsOfSimulationsAreFound) {
  const Json report = bundled("retry-herd");
  for (const double by : {0.01, 0.05, 0.2}) {
    const Json worse = worsened(report, "latency", "operation", "p99_ns", by);
    const Json comparison = compare_reports({report}, {worse}, {});
    EXPECT_EQ(comparison["verdict"], "fail") << by;
    EXPECT_EQ(row_of(comparison, "latency.operation.p99_ns")["result"], "worse");
    EXPECT_NEAR(row_of(comparison, "latency.operation.p99_ns")["change"].get<double>(), by, 1e-6);
    // The other way round it is no regression.
    EXPECT_EQ(compare_reports({worse}, {report}, {})["verdict"], "pass");
    CompareOptions strict;
    strict.any_change = true;
    EXPECT_EQ(compare_reports({worse}, {report}, strict)["verdict"], "fail");
    EXPECT_EQ(compare_reports({report}, {worse}, {.tolerance = by + 0.001})["verdict"], "pass");
    EXPECT_EQ(compare_reports({report}, {worse}, {.tolerance = by - 0.001})["verdict"], "fail");
  }
}

TEST(Compare, LessIsWorseOfWhatShouldBeMuch) {
  EXPECT_EQ(worse_direction("fairness.jain_index"), -1);
  EXPECT_EQ(worse_direction("operations.succeeded_ratio"), -1);
  EXPECT_EQ(worse_direction("totals.denied_ratio"), 1);
  EXPECT_EQ(worse_direction("errors.timeout"), 1);
  EXPECT_EQ(worse_direction("totals.attempts"), 0);
}

TEST(Compare, SaysWhatDiffersAndWhatIsOnOneSide) {
  Json other = bundled("retry-herd");
  other["scenario"]["sha256"] = std::string(64, '0');
  const Json comparison =
      compare_reports({bundled("retry-herd"), bundled("quickstart")}, {other}, {});
  EXPECT_EQ(comparison["only_on_one_side"][0]["name"], "quickstart");
  EXPECT_EQ(comparison["verdict"], "inconclusive");
  const std::string text = compare_terminal(comparison, false, 100);
  EXPECT_THAT(text, HasSubstr("their hashes differ"));
  EXPECT_THAT(text, HasSubstr("quickstart is on one side only: base"));
}

/// What a comparison of these says, with its verdict in front.
std::string comparison_of(const Json& base, const Json& fresh) {
  const Json comparison = compare_reports({base}, {fresh}, {});
  return comparison["verdict"].get<std::string>() + "\n" + compare_terminal(comparison, false, 200);
}

TEST(Compare, DifferentRequestsDoNotPass) {
  const Json base = bundled("retry-herd");
  Json other = base;
  other["scenario"]["name"] = "herd";
  EXPECT_THAT(comparison_of(base, other),
              testing::AllOf(
                  testing::StartsWith("inconclusive"),
                  HasSubstr("not of the same requests: the scenario was retry-herd and is herd")));
  other = base;
  other["scenario"]["seed"] = 77;
  EXPECT_THAT(comparison_of(base, other), testing::StartsWith("inconclusive"));
  // Another hash alone may be another policy for the same requests.
  other = base;
  other["scenario"]["sha256"] = std::string(64, '0');
  EXPECT_THAT(comparison_of(base, other),
              testing::AllOf(testing::StartsWith("pass"), HasSubstr("though the same is asked")));
  other["duration_ns"] = 7;
  EXPECT_THAT(comparison_of(base, other),
              testing::AllOf(testing::StartsWith("inconclusive"), HasSubstr("and is 7")));
  // Whatever else, worse is worse.
  EXPECT_THAT(comparison_of(bundled("quickstart"), bundled("retry-herd")),
              testing::StartsWith("fail"));
}

TEST(Compare, PageCutsLongNamesButWhereItListsAll) {
  const std::string name(80, 'x');
  Json base = bundled("quickstart");
  base["classes"][name] = base["classes"]["script"];
  Json worse = base;
  worse["classes"][name]["denied_ratio"] = 0.9;
  const std::string page = compare_html(compare_reports({base}, {worse}, {}), {base}, {worse});
  const std::string cut = "classes." + std::string(51, 'x') + "…";
  const std::size_t folded = page.find("Every figure");
  ASSERT_NE(folded, std::string::npos);
  EXPECT_THAT(page.substr(0, folded), HasSubstr(cut));
  EXPECT_THAT(page.substr(0, folded), testing::Not(HasSubstr(name + ".denied_ratio")));
  EXPECT_THAT(page.substr(folded), HasSubstr(name + ".denied_ratio"));
}

TEST(Compare, SaysWhereKeysArePseudonymsOnOneSide) {
  const Json hashed = bundled("quickstart");
  Json plain = hashed;
  ASSERT_FALSE(plain["top_denied"].empty());
  plain["top_denied"][0]["key"] = "user-1";
  EXPECT_THAT(comparison_of(hashed, plain), HasSubstr("keys are pseudonyms on the base side only"));
  EXPECT_THAT(comparison_of(plain, hashed), HasSubstr("keys are pseudonyms on the new side only"));
  EXPECT_THAT(comparison_of(hashed, hashed), testing::Not(HasSubstr("pseudonyms")));
}

// ---- The test

TEST(RankTest, IsExactForSmallSamples) {
  // Of the 20 ways to take 3 of 6, one has the least U and one the greatest.
  EXPECT_NEAR(mann_whitney({1, 2, 3}, {4, 5, 6}), 0.1, 1e-12);
  EXPECT_NEAR(mann_whitney({1, 2, 4}, {3, 5, 6}), 0.2, 1e-12);
  EXPECT_NEAR(mann_whitney({1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}), 2.0 / 252, 1e-12);
  EXPECT_EQ(mann_whitney({1, 1, 1}, {1, 1, 1}), 1.0);
  EXPECT_EQ(mann_whitney({}, {1}), 1.0);
}

TEST(RankTest, ApproximationIsNearTheExactOne) {
  std::vector<double> a, b;
  for (int i = 0; i < 20; ++i) {
    a.push_back(i * 2.0);
    b.push_back(i * 2.0 + 9.0);
  }
  const double exact = mann_whitney(a, b);
  a.push_back(100.0);
  b.push_back(101.0);
  EXPECT_NEAR(mann_whitney(a, b), exact, 0.02);
}

TEST(RankTest, HolmMultipliesByHowManyAreLeft) {
  EXPECT_THAT(holm_adjusted({0.01, 0.04, 0.03}),
              testing::ElementsAre(testing::DoubleEq(0.03), testing::DoubleEq(0.06),
                                   testing::DoubleEq(0.06)));
}

// ---- Live runs

/// A live run whose latencies have noise of `noise` around a median, and are longer by `more`.
Json live_like(RandomSequence& random, double noise, double more) {
  static const Json like = bundled("prove-nginx");
  Json report = like;
  report["mode"] = "load";
  const auto noisy = [&](double value) {
    double sum = 0.0;
    for (int i = 0; i < 12; ++i) sum += random.uniform();
    return std::max(0.0, value * (1.0 + noise * (sum - 6.0)));
  };
  for (const char* which : {"allowed", "denied"}) {
    for (const auto& [field, median] :
         {std::pair("p50_ns", 1e6), std::pair("p90_ns", 3e6), std::pair("p99_ns", 9e6)}) {
      report["latency"][which][field] = static_cast<std::int64_t>(noisy(median * (1.0 + more)));
    }
  }
  report["totals"]["denied_ratio"] = std::min(1.0, noisy(0.3));
  return report;
}

std::vector<Json> live_group(RandomSequence& random, std::size_t runs, double noise, double more) {
  std::vector<Json> group;
  for (std::size_t i = 0; i < runs; ++i) group.push_back(live_like(random, noise, more));
  return group;
}

std::uint64_t rounds(const char* variable, std::uint64_t usual) {
  const char* text = std::getenv(variable);
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

TEST(Compare, LikeLiveRunsRaiseNoAlarm) {
  int alarms = 0;
  for (std::uint64_t pair = 0; pair < rounds("WEIR_COMPARE_PAIRS", 100); ++pair) {
    RandomSequence random(RandomStream(pair + 1));
    const auto a = live_group(random, 10, 0.1, 0.0), b = live_group(random, 10, 0.1, 0.0);
    if (compare_reports(a, b, {})["verdict"] != "pass") ++alarms;
  }
  EXPECT_EQ(alarms, 0);
}

TEST(Compare, LatencyOfTwiceTheNoiseIsFound) {
  std::uint64_t found = 0;
  const std::uint64_t pairs = rounds("WEIR_COMPARE_PAIRS", 100);
  for (std::uint64_t pair = 0; pair < pairs; ++pair) {
    RandomSequence random(RandomStream(pair + 1000));
    const auto a = live_group(random, 10, 0.1, 0.0), b = live_group(random, 10, 0.1, 0.2);
    if (compare_reports(a, b, {})["verdict"] == "fail") ++found;
  }
  EXPECT_GE(found, pairs * 95 / 100);
}

TEST(Compare, TooFewLiveRunsAreInconclusive) {
  RandomSequence random(RandomStream(5));
  const auto a = live_group(random, 2, 0.1, 0.0), b = live_group(random, 2, 0.1, 5.0);
  EXPECT_EQ(compare_reports(a, b, {})["verdict"], "inconclusive");
}

TEST(Compare, ShardsOfOneRunAreToBeMerged) {
  const std::string folder = test::temporary_path("two-shards");
  for (const char* shard : {"1/2", "2/2"}) {
    const auto ran = test::run_weir(
        {"simulate", "scenarios/quickstart.jsonc", "--quiet", "--shard", shard, "--out", folder});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
  }
  const std::string first = folder + "/quickstart.shard-1-of-2.json";
  const std::string second = folder + "/quickstart.shard-2-of-2.json";
  const auto apart = test::run_weir({"report", "compare", first, second});
  EXPECT_EQ(apart.exit_code, 4) << apart.err;
  EXPECT_THAT(apart.out, testing::StartsWith("quickstart  inconclusive\n"));
  EXPECT_THAT(apart.out, HasSubstr("weir report merge"));
  EXPECT_THAT(apart.out, testing::Not(HasSubstr("7 or more a side")));
  // Nor are all parts on both sides repetitions.
  const auto both = test::run_weir({"report", "compare", folder, folder});
  EXPECT_EQ(both.exit_code, 4) << both.err;
  EXPECT_THAT(both.out, HasSubstr("weir report merge"));
  EXPECT_THAT(both.out, testing::Not(HasSubstr("7 or more a side")));
  // The same part of two runs is none.
  const auto alike = test::run_weir({"report", "compare", first, first});
  EXPECT_THAT(alike.out, testing::Not(HasSubstr("weir report merge")));
  std::filesystem::remove_all(folder);
}

TEST(Compare, CommandHasItsExitCodes) {
  EXPECT_EQ(test::run_weir({"report", "compare", "reports", "reports"}).exit_code, 0);
  Json worse = bundled("retry-herd");
  worse = worsened(worse, "latency", "operation", "p99_ns", 0.01);
  const std::string path = test::temporary_path("worse.json");
  std::FILE* const file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fputs(to_text(worse).c_str(), file);
  std::fclose(file);
  const auto result = test::run_weir({"report", "compare", "reports/retry-herd.json", path});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.out, HasSubstr("latency.operation.p99_ns"));
  for (const char* format : {"html", "markdown", "json"}) {
    EXPECT_EQ(test::run_weir({"report", "compare", "reports/retry-herd.json", "--with", path,
                              "--format", format})
                  .exit_code,
              4);
  }
  EXPECT_EQ(test::run_weir({"report", "compare", "reports/retry-herd.json"}).exit_code, 2);
  EXPECT_EQ(test::run_weir({"report", "compare", "reports/none.json", path}).exit_code, 1);
  // What is no report is so for each command.
  const std::string other = "scenarios/schema/scenario.json";
  EXPECT_EQ(test::run_weir({"report", "compare", other, path}).exit_code, 1);
  EXPECT_EQ(test::run_weir({"report", "render", other}).exit_code, 1);
  EXPECT_EQ(test::run_weir({"report", "merge", other}).exit_code, 1);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace weir::report
