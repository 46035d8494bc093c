// A live run that is cut into shards, each against the same gateway, and merged again.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "e2e/load_support.hpp"
#include "e2e/program.hpp"
#include "e2e/serve_support.hpp"
#include "support/run_weir.hpp"

namespace weir::e2e {
namespace {

using testing::HasSubstr;

const char* const live_scenario = R"({"name": "live", "duration": "2s",
  "policy": {"limits": [{"algorithm": "token-bucket", "capacity": 5, "rate": "2/s", "key": ["user"]}]},
  "traffic": [{"name": "all", "arrivals": {"process": "poisson", "rate": "150/s"},
               "attributes": {"user": {"uniform": {"count": 20}}}}],
  "target": {"headers": {"X-User": "{user}"}, "identify": {"user": "header:X-User"}, "audit": {"share": 0, "keys": 0}},
  "thresholds": ["totals.attempts > 200", "totals.denied > 0", "totals.errors == 0"]})";

TEST(LoadShards, MergeIntoOneRunOfTheGateway) {
  const TemporaryFolder folder;
  folder.write("live.jsonc", live_scenario);
  const RunningGateway gateway({folder.path("live.jsonc")});
  ASSERT_TRUE(gateway.is_running()) << gateway.messages();
  // At once, as on three machines.
  std::vector<std::unique_ptr<RunningLoad>> shards;
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    shards.push_back(std::make_unique<RunningLoad>(
        std::vector<std::string>{folder.path("live.jsonc"), "--target", gateway.url(), "--threads",
                                 "1", "--shard", shard, "--out", folder.path("parts")}));
  }
  metrics::Accumulator sum;
  std::int64_t attempts = 0, allowed = 0, denied = 0;
  for (const auto& shard : shards) {
    const LoadResult result = shard->wait();
    // Nobody judges a part.
    ASSERT_EQ(result.exit_code, 0) << result.err;
    expect_adds_up(result);
    attempts += result.number("totals.attempts");
    allowed += result.number("totals.allowed");
    denied += result.number("totals.denied");
    EXPECT_GT(result.number("totals.attempts"), 0);
    metrics::merge(sum, result.accumulator());
  }
  std::vector<std::string> merge = {"report", "merge", "--json", "--quiet"};
  for (int shard = 1; shard <= 3; ++shard) {
    merge.push_back(folder.path(fmt::format("parts/live.shard-{}-of-3.json", shard)));
  }
  const auto merged = test::run_weir(merge);
  EXPECT_EQ(merged.exit_code, 0) << merged.err << merged.out;
  const Json report = Json::parse(merged.out, nullptr, false);
  ASSERT_TRUE(report.is_object()) << merged.err;
  EXPECT_EQ(report["verdict"], "pass");
  EXPECT_EQ(report["totals"]["attempts"], attempts);
  EXPECT_EQ(report["totals"]["allowed"], allowed);
  EXPECT_EQ(report["totals"]["denied"], denied);
  EXPECT_EQ(report["statuses"]["200"], allowed);
  EXPECT_EQ(report["statuses"]["429"], denied);
  EXPECT_EQ(report["schedule"]["lateness"]["count"], attempts);
  // Percentiles are those of all requests together, not of the shards' percentiles.
  const Json& latency = report["latency"]["allowed"];
  EXPECT_EQ(latency["count"], allowed);
  EXPECT_EQ(latency["p99_ns"], sum.latency_allowed.percentile(990000));
  EXPECT_EQ(latency["p50_ns"], sum.latency_allowed.percentile(500000));
  // The shards' keys are different ones, so that the gateway counted the very same.
  const Json served = gateway.totals();
  EXPECT_EQ(served["allowed_count"], allowed) << served.dump();
  EXPECT_EQ(served["denied_count"], denied) << served.dump();
}

}  // namespace
}  // namespace weir::e2e
