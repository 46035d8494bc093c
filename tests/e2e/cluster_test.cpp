// The scripts of scenarios/cluster, run as a cluster runs them: what is merged is the report of the
// run that was not cut, byte for byte.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "e2e/load_support.hpp"
#include "e2e/program.hpp"
#include "e2e/serve_support.hpp"
#include "e2e/slurm_cluster.hpp"
#include "support/paths.hpp"
#include "support/run_weir.hpp"

namespace weir::e2e {
namespace {

using testing::HasSubstr;

const std::string cluster_files = std::string(WEIR_SOURCE_DIR) + "/scenarios/cluster/";

/// The report of the whole run.
std::string uncut(const std::string& scenario) {
  const auto run = test::run_weir({"simulate", scenario, "--json", "--quiet"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return run.out;
}

/// `command` with the variables of a task around it.
LoadResult run_with(const std::vector<std::string>& variables,
                    const std::vector<std::string>& command) {
  std::vector<std::string> all = {"/usr/bin/env"};
  all.insert(all.end(), variables.begin(), variables.end());
  all.insert(all.end(), command.begin(), command.end());
  return RunningLoad::of_command(all).wait();
}

// ---- Slurm

class SlurmScript : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<std::string> missing = SlurmCluster::missing_programs();
    if (missing.empty()) return;
    std::string names;
    for (const std::string& name : missing) names += " " + name;
    GTEST_SKIP() << "not installed (packages slurm-wlm, munge):" << names;
  }

  static std::vector<std::string> script(const SlurmCluster& cluster, const std::string& scenario,
                                         const TemporaryFolder& folder) {
    return cluster.command({"/bin/bash", cluster_files + "slurm.sh", scenario, folder.path(), "3"});
  }

  static std::string logs(const TemporaryFolder& folder) {
    std::string text;
    for (const char* name : {"shard-1.log", "shard-2.log", "shard-3.log", "merge.log"}) {
      text += fmt::format("{}:\n{}", name, folder.read(name));
    }
    return text;
  }
};

TEST_F(SlurmScript, MergesAnArraysShardsIntoTheWholeRun) {
  const SlurmCluster cluster;
  ASSERT_TRUE(cluster.is_ready()) << cluster.messages();
  const TemporaryFolder passing, failing;
  const std::string scenario = scenario_path("quickstart");
  failing.write("strict.jsonc",
                R"({"name": "strict", "duration": "2s", "thresholds": ["totals.denied == 0"],
      "policy": {"limits": [{"algorithm": "gcra", "rate": "1/s", "burst": 1, "key": ["user"]}]},
      "traffic": [{"name": "all", "arrivals": {"process": "constant", "rate": "50/s"},
                   "attributes": {"user": {"uniform": {"count": 9}}}}]})");
  // Side by side, since sbatch asks ever more rarely whether what it waits for has ended.
  auto first = RunningLoad::of_command(script(cluster, scenario, passing));
  auto second = RunningLoad::of_command(script(cluster, failing.path("strict.jsonc"), failing));
  const LoadResult whole = first.wait();
  ASSERT_EQ(whole.exit_code, 0) << whole.err << logs(passing) << cluster.messages();
  EXPECT_EQ(passing.read("merged.json"), uncut(scenario)) << logs(passing);
  EXPECT_THAT(passing.read("shard-2.log"),
              HasSubstr("weir: shard 2 of 3, by SLURM_ARRAY_TASK_ID=2 of 3 from 1"));

  // A threshold that fails when all is merged is the script's exit code.
  const LoadResult strict = second.wait();
  EXPECT_EQ(strict.exit_code, 4) << strict.err << logs(failing) << cluster.messages();
}

// ---- Kubernetes

/// The manifest as JSON, by Python's reader of YAML; null without that.
Json manifest() {
  const std::string read = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))";
  const auto python = find_program("python3");
  if (!python) return nullptr;
  const auto result = RunningLoad::of_command({"/bin/sh", "-c", "exec \"$0\" -c \"$1\" <\"$2\"",
                                               *python, read, cluster_files + "kubernetes.yaml"})
                          .wait();
  return result.exit_code == 0 ? result.report : Json();
}

/// The container's command with the program and the folders of this machine in it.
std::vector<std::string> here(const Json& command, const std::string& scenario,
                              const std::string& reports) {
  std::vector<std::string> words;
  for (const Json& word : command) {
    const auto text = word.get<std::string>();
    words.push_back(text == "weir"                        ? std::string(WEIR_BINARY)
                    : text == "/scenarios/scenario.jsonc" ? scenario
                    : text == "/reports"                  ? reports
                                                          : text);
  }
  return words;
}

TEST(KubernetesJob, PodsShardsMergeIntoTheWholeRun) {
  const Json job = manifest();
  if (job.is_null()) GTEST_SKIP() << "not installed (package python3-yaml): a reader of YAML";
  EXPECT_EQ(job["kind"], "Job");
  EXPECT_EQ(job["spec"]["completionMode"], "Indexed");
  const int completions = job["spec"]["completions"].get<int>();
  const Json& container = job["spec"]["template"]["spec"]["containers"][0];
  std::vector<std::string> variables;
  for (const Json& variable : container["env"]) {
    variables.push_back(variable["name"].get<std::string>() + "=" +
                        variable["value"].get<std::string>());
  }
  EXPECT_THAT(variables, testing::Contains(fmt::format("WEIR_SHARDS={}", completions)));

  const TemporaryFolder folder;
  const std::string scenario = scenario_path("quickstart");
  const auto command = here(container["command"], scenario, folder.path());
  std::vector<std::string> merge = {"report", "merge"};
  for (int pod = 0; pod < completions; ++pod) {
    auto environment = variables;
    environment.push_back(fmt::format("JOB_COMPLETION_INDEX={}", pod));
    const LoadResult run = run_with(environment, command);
    // A pod whose program fails would be started again.
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.err, HasSubstr(fmt::format("shard {} of {}, by JOB_COMPLETION_INDEX={}",
                                               pod + 1, completions, pod)));
    merge.push_back(
        folder.path(fmt::format("quickstart.shard-{}-of-{}.json", pod + 1, completions)));
  }
  merge.insert(merge.end(), {"--quiet", "--out", folder.path("merged.json")});
  const auto merged = test::run_weir(merge);
  EXPECT_EQ(merged.exit_code, 0) << merged.err;
  EXPECT_EQ(folder.read("merged.json"), uncut(scenario));
}

}  // namespace
}  // namespace weir::e2e
