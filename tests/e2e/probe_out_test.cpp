#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/probe_scenario.hpp"
#include "conformance/settings.hpp"
#include "e2e/load_support.hpp"
#include "e2e/program.hpp"
#include "e2e/serve_support.hpp"
#include "limiter/catalogue.hpp"
#include "support/paths.hpp"
#include "support/run_weir.hpp"

// What `weir probe --out` writes is a scenario whose traffic shows every limit of its policy, under
// simulate as well as at a gateway that is verified.

namespace weir::e2e {
namespace {

/// A policy that a probe has found.
struct FoundCase {
  std::string name;
  std::vector<std::string> limits;
  /// The candidates, and which of them the limits go by.
  std::vector<std::string> candidates = {"header:X-User"};
  std::vector<std::string> key = {"user"};
  /// How many values the file with those of the first candidate has; 0: there is none.
  int values = 0;
  /// Long enough that the gateway shows each limit; that of the scenario if empty.
  std::string verified_for = "8s";
};

policy::LimitSpec probed_limit(const std::string& words, std::vector<std::string> key) {
  policy::LimitSpec limit;
  const std::size_t space = std::min(words.find(' '), words.size());
  limit.name = limit.algorithm = words.substr(0, space);
  const auto parameters =
      limiter::parameters_of(*limiter::find_algorithm(limit.algorithm), words.substr(space));
  EXPECT_TRUE(parameters) << words;
  limit.parameters = *parameters;
  limit.key = std::move(key);
  return limit;
}

/// Writes the scenario into the folder; its path.
std::string written(const FoundCase& of, const TemporaryFolder& folder) {
  policy::PolicySpec policy;
  for (const std::string& words : of.limits) {
    policy.limits.push_back(probed_limit(words, of.key));
    policy.limits.back().name += std::to_string(policy.limits.size());
  }
  metrics::ProbeOutcome outcome;
  outcome.max_per_second = 200;
  outcome.denied_status = 429;
  cli::FoundPolicy found{policy, outcome, {}, "", {}, "http://127.0.0.1:1/", {}, {429}, {}};
  found.keys = probe::parse_key_places(of.candidates).value();
  found.service = Duration::from_ms(150);
  if (of.values > 0) {
    std::string lines;
    for (int i = 0; i < of.values; ++i) {
      found.values.push_back(fmt::format("secret-{}", i));
      lines += found.values.back() + '\n';
    }
    folder.write(of.name + ".keys", lines);
    found.values_file = folder.path(of.name + ".keys");
  }
  const auto document = cli::scenario_of(found);
  EXPECT_TRUE(document) << of.name;
  const std::string path = folder.path(of.name + ".json");
  EXPECT_TRUE(cli::write_scenario(path, document.value_or(Json())));
  return path;
}

const std::vector<FoundCase>& found_cases() {
  static const std::vector<FoundCase> cases = {
      {"bucket", {"token-bucket capacity=8 rate=4/s"}},
      {"slow-bucket",
       {"token-bucket capacity=3 rate=12/1m"},
       {"header:X-User"},
       {"user"},
       0,
       "10s"},
      {"one-for-all", {"fixed-window limit=10 window=1s"}, {}, {}, 0, "9s"},
      {"candidate-that-does-not-matter",
       {"sliding-window-log limit=20 window=1s"},
       {"header:X-User", "query:k"},
       {},
       0,
       "9s"},
      {"two-keys",
       {"token-bucket capacity=8 rate=4/s"},
       {"header:X-User", "query:k"},
       {"user", "k"}},
      {"two-limits",
       {"fixed-window limit=10 window=1s", "fixed-window limit=30 window=5s"},
       {"header:X-User"},
       {"user"}},
      {"few-values", {"token-bucket capacity=8 rate=10/s"}, {"header:X-User"}, {"user"}, 2, "9s"},
      {"many-values", {"token-bucket capacity=8 rate=10/s"}, {"header:X-User"}, {"user"}, 500},
      {"values-that-do-not-matter", {"gcra rate=20/s burst=5"}, {"bearer"}, {}, 4, "9s"},
      {"queue", {"leaky-bucket-queue capacity=7 rate=10/s"}, {"header:X-User"}, {"user"}, 0, ""},
      {"slow-queue",
       {"leaky-bucket-queue capacity=4 rate=2/s"},
       {"header:X-User"},
       {"user"},
       0,
       ""},
      {"queue-of-nginx", {"nginx-limit-req rate=20/s burst=9"}, {"header:X-User"}, {"user"}, 0, ""},
      {"queue-for-all", {"leaky-bucket-queue capacity=5 rate=10/s"}, {}, {}, 0, ""},
      {"at-once", {"concurrency limit=5"}, {"header:X-User"}, {"user"}, 0, ""},
      {"at-once-for-all", {"concurrency limit=40"}, {}, {}, 0, ""},
      {"none", {}}};
  return cases;
}

TEST(ProbeOut, TrafficReachesEveryLimitUnderSimulate) {
  const TemporaryFolder folder;
  for (const FoundCase& of : found_cases()) {
    const std::string path = written(of, folder);
    const Json report = simulated(path);
    ASSERT_TRUE(report.is_object()) << of.name;
    EXPECT_GE(report["totals"]["attempts"], 100) << of.name;
    EXPECT_LE(report["totals"]["attempts"], 5'000) << of.name;
    EXPECT_EQ(report["limits"].size(), of.limits.size()) << of.name;
    for (const Json& limit : report["limits"]) EXPECT_GE(limit["denied"], 25) << of.name << limit;
  }
}

// What waits in a queue that never runs empty is never certain again once anything was late.
TEST(ProbeOut, QueuesRunEmptyAgainAndAgain) {
  const TemporaryFolder folder;
  int queues = 0;
  for (const FoundCase& of : found_cases()) {
    if (of.name.find("queue") == std::string::npos) continue;
    ++queues;
    written(of, folder);
    const Json arrivals = Json::parse(folder.read(of.name + ".json"))["traffic"][0]["arrivals"];
    ASSERT_TRUE(arrivals["rate"].is_object()) << of.name << arrivals;
    const Json& steps = arrivals["rate"]["steps"];
    EXPECT_GE(steps.size(), 4U) << of.name;
    for (std::size_t i = 1; i < steps.size(); i += 2) EXPECT_EQ(steps[i][1], "0/s") << of.name;
  }
  EXPECT_EQ(queues, 4);
}

TEST(ProbeOut, AGatewayOfThePolicyPassesVerify) {
  const TemporaryFolder folder;
  std::vector<std::unique_ptr<RunningGateway>> gateways;
  std::vector<std::unique_ptr<RunningLoad>> runs;
  for (const FoundCase& of : found_cases()) {
    const std::string path = written(of, folder);
    gateways.push_back(std::make_unique<RunningGateway>(std::vector<std::string>{path}));
    ASSERT_TRUE(gateways.back()->is_running()) << of.name;
    std::vector<std::string> command = {WEIR_BINARY, "verify",   path,
                                        "--json",    "--target", gateways.back()->url()};
    if (!of.verified_for.empty()) {
      command.insert(command.end(), {"--set", "/duration=" + of.verified_for});
    }
    runs.emplace_back(new RunningLoad(RunningLoad::of_command(command)));
  }
  int passed = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const LoadResult result = runs[i]->wait();
    const std::string& name = found_cases()[i].name;
    ASSERT_TRUE(result.report.is_object()) << name << result.err;
    EXPECT_EQ(result.number("verify.disagree"), 0) << name << result.report["verify"].dump(1);
    EXPECT_EQ(result.report["errors"], Json::object()) << name;
    EXPECT_THAT(result.report.value("inconclusive_because", ""),
                testing::Not(testing::HasSubstr("near the limit")))
        << name;
    if (result.exit_code == 0) ++passed;
  }
  // On a busy machine some are too close to call.
  EXPECT_GE(passed, 6);
}

TEST(ProbeOut, ValuesOfKeysAreForTheOwnersEyes) {
  const TemporaryFolder folder;
  const auto mode_of = [](const std::string& path) {
    struct stat found = {};
    EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
    return found.st_mode & 0777;
  };
  for (const FoundCase& of : found_cases()) {
    const std::string path = written(of, folder);
    if (of.values == 500) {
      EXPECT_EQ(mode_of(path), 0600U);
    }
  }
  // The few stay where they were.
  EXPECT_EQ(folder.read("few-values.json").find("secret-1"), std::string::npos);
}

}  // namespace
}  // namespace weir::e2e
